// CheckedMutex: parking while one is held is a fatal error in a debug build, and nothing else is.
#include <array>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <type_traits>

#include <gofer/gofer.hpp>

#include "support/catch.hpp"
#include "support/dies.hpp"
#include "support/fixture.hpp"

namespace {

using namespace std::chrono_literals;
using Checked = gofer::CheckedMutex<std::mutex, true>;
using Unchecked = gofer::CheckedMutex<std::mutex, false>;

static_assert(sizeof(Unchecked) == sizeof(std::mutex));
#ifdef NDEBUG
static_assert(std::is_same_v<gofer::CheckedMutex<std::mutex>, Unchecked>);
#else
static_assert(std::is_same_v<gofer::CheckedMutex<std::mutex>, Checked>);
#endif

constinit Checked of_the_program{"of the program"};

/// As a std::mutex would lie in it.
template <class M>
struct Account {
    M m;
    int balance;
};

} // namespace

TEST_CASE("a CheckedMutex guards what goroutines share while none parks with it") {
    fixture::at_each_worker_count([] {
        Checked m;
        int sum = 0;
        gofer::WaitGroup wg;
        for (int g = 0; g < 16; ++g)
            wg.go([&] {
                for (int i = 0; i < 100; ++i) {
                    {
                        const std::lock_guard lock(m);
                        ++sum;
                    }
                    gofer::yield();
                }
            });
        wg.wait();
        VERIFY(sum == 1600);
    });
}

TEST_CASE("a CheckedMutex may stand where a std::mutex stood, in an aggregate and in an array") {
    Account<Checked> checked = {};
    Account<Unchecked> unchecked{};
    std::array<Checked, 2> several{};
    const std::scoped_lock lock(checked.m, unchecked.m, several[0], several[1]);
    CHECK(checked.balance + unchecked.balance == 0);
}

TEST_CASE("goroutines may park with an unlocked CheckedMutex behind them, in any order of unlocking") {
    fixture::at_each_worker_count([] {
        Checked a, b, c;
        a.lock();
        b.lock();
        VERIFY(c.try_lock());
        b.unlock();
        c.unlock();
        a.unlock();
        gofer::sleep_for(1us);
        gofer::yield();
        VERIFY(true);
    });
}

TEST_CASE("the next goroutine on a stack is not asked for a CheckedMutex of the one before") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 10; ++i) {
            gofer::WaitGroup wg;
            wg.go([] {
                const std::lock_guard lock(of_the_program);
            });
            wg.wait();
            wg.go([] { gofer::sleep_for(1us); });
            wg.wait();
        }
        VERIFY(true);
    });
}

TEST_CASE("parking with a CheckedMutex is fatal and names the goroutine, what it parks for, and the mutex") {
    const auto death = fixture::death_of([] {
        gofer::run([] {
            Checked m("cache");
            gofer::Channel<int> c;
            gofer::WaitGroup wg;
            wg.go({.name = "careless"}, [&] {
                const std::lock_guard lock(m);
                c.receive();
            });
            wg.wait();
        });
    });
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("\"careless\", started at "));
    CHECK(death.says("leaves its thread (receive on channel) while it holds the CheckedMutex"));
    CHECK(death.says("\"cache\", made at "));
    CHECK(death.says("checked_mutex_test.cpp:"));
}

TEST_CASE("yielding with a CheckedMutex is fatal") {
    const auto death = fixture::death_of([] {
        gofer::RuntimeOptions options;
        options.workers = 1;
        gofer::run(options, [] {
            gofer::WaitGroup wg;
            wg.go([] {});
            Checked m;
            const std::lock_guard lock(m);
            for (int i = 0; i < 100; ++i) gofer::yield();
        });
    });
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("(yield) while it holds the CheckedMutex"));
}

TEST_CASE("the CheckedMutex that is named is the one that is still held") {
    const auto death = fixture::death_of([] {
        gofer::run([] {
            Checked outer("outer"), inner("inner");
            const std::lock_guard lock(outer);
            { const std::lock_guard nested(inner); }
            gofer::sleep_for(1h);
        });
    });
    CHECK(death.says("\"outer\""));
    CHECK_FALSE(death.says("\"inner\""));
}

TEST_CASE("a goroutine parks as it likes with an unchecked CheckedMutex") {
    fixture::at_each_worker_count([] {
        Unchecked m;
        const std::lock_guard lock(m);
        const gofer::this_goroutine::Pin pin;
        gofer::sleep_for(1us);
        VERIFY(true);
    });
}

TEST_CASE("plain threads may block in the library with a CheckedMutex") {
    fixture::on_a_plain_thread([] {
        Checked m;
        const std::lock_guard lock(m);
        gofer::sleep_for(1us);
        VERIFY(true);
    });
}

TEST_CASE("a CheckedMutex of a timed mutex has its timed forms") {
    fixture::at_each_worker_count([] {
        gofer::CheckedMutex<std::timed_mutex, true> m;
        if constexpr (!gofer::base::tsan_build) { // which does not know the call that gcc 12 makes of it
            VERIFY(m.try_lock_for(1ms));
            m.unlock();
        }
        VERIFY(m.try_lock_until(std::chrono::system_clock::now() + 1s));
        m.unlock();
        gofer::sleep_for(1us);
    });
}

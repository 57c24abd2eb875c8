// Runtime objects and their options: several at once, counted, shut down; the number of workers.
#include <atomic>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/apart.hpp"
#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/past_the_end.hpp"

namespace {

/// Puts a variable into the environment while it lives.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_{name} {
        if (const char* old = std::getenv(name)) {
            old_ = old;
            was_set_ = true;
        }
        ::setenv(name, value.c_str(), 1);
    }
    ~Variable() {
        if (was_set_)
            ::setenv(name_, old_.c_str(), 1);
        else
            ::unsetenv(name_);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
    std::string old_;
    bool was_set_{false};
};

std::size_t workers_of(const gofer::RuntimeOptions& options) {
    return gofer::run(options,
                      [] { return static_cast<std::size_t>(gofer::Runtime::current().stats().workers); });
}

} // namespace

TEST_CASE("a Runtime runs what it is given, again and again") {
    fixture::on_a_plain_thread([] {
        gofer::Runtime runtime{fixture::with_workers(2)};
        VERIFY(runtime.run([](int n) { return n + 1; }, 1) == 2);
        VERIFY(runtime.run([](std::unique_ptr<int> p) { return *p; }, std::make_unique<int>(3)) == 3);
        VERIFY(fixture::throws<std::range_error>([&] { runtime.run([] { throw std::range_error{"x"}; }); }));
        VERIFY(runtime.run([] { return 4; }) == 4);
    });
}

TEST_CASE("go of a Runtime starts a goroutine there, from anywhere") {
    fixture::on_a_plain_thread([] {
        gofer::Runtime runtime{fixture::with_workers(2)};
        const gofer::Channel<gofer::Runtime*> where;
        const auto tell = [where] { where.send(&gofer::Runtime::current()); };
        runtime.go(tell);
        VERIFY(where.receive() == &runtime);
        runtime.go({.name = "named"}, tell);
        VERIFY(where.receive() == &runtime);
        gofer::WaitGroup wg;
        wg.go([&] { runtime.go(tell); });
        VERIFY(where.receive() == &runtime);
        wg.wait();
    });
}

TEST_CASE("a goroutine starts others in its own runtime") {
    fixture::on_a_plain_thread([] {
        gofer::Runtime one{fixture::with_workers(1)}, two{fixture::with_workers(2)};
        const gofer::Channel<gofer::Runtime*> where;
        const auto tell_from_child = [where] {
            gofer::go([where] { where.send(&gofer::Runtime::current()); });
        };
        one.go(tell_from_child);
        VERIFY(where.receive() == &one);
        two.go(tell_from_child);
        VERIFY(where.receive() == &two);
    });
}

TEST_CASE("go on a runtime that was shut down throws std::logic_error") {
    gofer::Runtime runtime{fixture::with_workers(1)};
    runtime.run([] {});
    runtime.shutdown();
    CHECK_THROWS_AS(runtime.go([] {}), std::logic_error);
}

TEST_CASE("a runtime's end waits for goroutines that are on their last steps") {
    const fixture::LeakProof proof;
    std::atomic<int> ran{0};
    for (int round = 0; round < 20; ++round) {
        gofer::Runtime runtime{fixture::with_workers(2)};
        for (int i = 0; i < 50; ++i) runtime.go([&ran] { ++ran; });
    }
    CHECK(ran == 20 * 50);
    proof.require_clean();
}

TEST_CASE("stats count the goroutines there are, were started, and are parked") {
    fixture::at_each_worker_count([] {
        const auto before = gofer::Runtime::current().stats();
        const gofer::Channel<gofer::Unit> gate;
        gofer::WaitGroup wg;
        for (int i = 0; i < 10; ++i) wg.go([gate] { gate.receive(); });
        fixture::parked_reaches(10);
        const auto during = gofer::Runtime::current().stats();
        VERIFY(during.goroutines == before.goroutines + 10);
        VERIFY(during.goroutines_started == before.goroutines_started + 10);
        VERIFY(during.parked == 10);
        gate.close();
        wg.wait();
        VERIFY(fixture::eventually(
            [&] { return gofer::Runtime::current().stats().goroutines == before.goroutines; }));
        VERIFY(gofer::Runtime::current().stats().parked == 0);
    });
}

TEST_CASE("the number of workers: the option, else GOFER_MAXPROCS, else the processors there are") {
    const Variable three{"GOFER_MAXPROCS", "3"};
    CHECK(workers_of({}) == 3);
    CHECK(workers_of(fixture::with_workers(2)) == 2);
    const Variable nonsense{"GOFER_MAXPROCS", "many"};
    const std::size_t guessed = workers_of({});
    CHECK(guessed >= 1);
    CHECK(guessed <= std::thread::hardware_concurrency());
}

TEST_CASE("GOFER_MAXPROCS of zero or less counts as none") {
    for (const char* value : {"0", "-4", ""}) {
        const Variable set{"GOFER_MAXPROCS", value};
        CHECK(workers_of({}) >= 1);
        CHECK(workers_of({}) <= std::thread::hardware_concurrency());
    }
}

TEST_CASE("options that are out of range throw std::invalid_argument") {
    const auto refused = [](const gofer::RuntimeOptions& options) {
        return fixture::throws<std::invalid_argument>([&options] { gofer::run(options, [] {}); });
    };
    CHECK(refused({.workers = UINT_MAX}));
    CHECK(refused({.workers = UINT_MAX / 3}));
    CHECK(refused({.workers = 70'000}));
    CHECK(refused({.stack_size = SIZE_MAX}));
    CHECK(refused({.stack_size = std::size_t{1} << 42}));
}

TEST_CASE("durations in the options saturate, and negative ones are none") {
    using std::chrono::milliseconds;
    for (const milliseconds d : {milliseconds::min(), milliseconds{-1}, milliseconds::max()})
        CHECK(workers_of({.workers = 1, .shutdown_grace = d, .long_run = d}) == 1);
}

TEST_CASE("current outside of any goroutine is the default runtime, one and the same") {
    CHECK(&gofer::Runtime::current() == &gofer::Runtime::current());
    gofer::Runtime* elsewhere = nullptr;
    std::thread{[&] { elsewhere = &gofer::Runtime::current(); }}.join();
    CHECK(elsewhere == &gofer::Runtime::current());
}

namespace {

/// An argument that waits in its move number `held_at` until it is let go, unless its goroutine runs by then.
struct HeldInMove {
    struct Moves {
        explicit Moves(int number) : held_at{number} {}

        const int held_at;
        std::atomic<bool> held{false}, let_go{false};
    };

    explicit HeldInMove(Moves& all) : moves{&all} {}
    HeldInMove(HeldInMove&& other) noexcept : moves{other.moves}, number{other.number + 1} {
        if (number != moves->held_at || gofer::this_goroutine::inside() || moves->held.exchange(true)) return;
        while (!moves->let_go) std::this_thread::yield();
    }

    Moves* moves;
    int number{0};
};

} // namespace

TEST_CASE("run beside shutdown throws, at whatever moment of its own it is overtaken") {
    const fixture::LeakProof proof;
    for (int move = 1;; ++move) {
        INFO("move: " << move);
        struct Scene {
            explicit Scene(int held_at) : moves{held_at} {}

            HeldInMove::Moves moves;
            gofer::Runtime runtime{fixture::with_workers(2)};
            std::atomic<bool> ran{false}, threw{false};
        };
        const auto scene = std::make_shared<Scene>(move); // of the thread, too: it may hang
        const fixture::Apart runs{[scene] {
            try {
                scene->runtime.run([](const HeldInMove&) {}, HeldInMove{scene->moves});
                scene->ran = true;
            } catch (const std::logic_error&) { // std::future_error is one
                scene->threw = true;
            }
        }};
        REQUIRE(fixture::eventually([&] { return scene->moves.held || scene->ran; }));
        if (scene->ran) {
            CHECK(move > 1);
            break; // it is not moved as often as that
        }
        scene->runtime.shutdown();
        scene->moves.let_go = true;
        REQUIRE(runs.ends());
        CHECK(scene->threw);
    }
    proof.require_clean_soon();
}

TEST_CASE("shutdown from blocking code of one of its own goroutines throws std::logic_error, and the runtime goes on") {
    fixture::on_a_plain_thread([] {
        for (const unsigned workers : {1U, 2U}) {
            gofer::Runtime runtime{fixture::with_workers(workers)};
            VERIFY(runtime.run([&runtime] {
                return gofer::blocking([&runtime] {
                    return fixture::throws<std::logic_error>([&runtime] { runtime.shutdown(); });
                });
            }));
            VERIFY(runtime.run([] { return 4; }) == 4);
        }
    });
}

TEST_CASE("current parks one that computes on past the end of its runtime") {
    const auto returned = std::make_shared<std::atomic<bool>>(false);
    fixture::past_the_end([returned] {
        static_cast<void>(gofer::Runtime::current());
        *returned = true;
    });
    CHECK_FALSE(*returned);
}

// blocking: code that blocks its thread without stalling other goroutines.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/past_the_end.hpp"

namespace {

// errno's address is declared const, and a compiler may keep it across a call after which the thread is another one.
[[gnu::noinline]] int errno_now() {
    return errno;
}
[[gnu::noinline]] void set_errno(int to) {
    errno = to;
}

} // namespace

TEST_CASE("blocking returns what its function returns: a value, a reference, nothing") {
    fixture::at_each_worker_count([] {
        VERIFY(gofer::blocking([] { return 42; }) == 42);
        VERIFY(*gofer::blocking([] { return std::make_unique<int>(1); }) == 1);
        int place = 0;
        int& same = gofer::blocking([&]() -> int& { return place; });
        VERIFY(&same == &place);
        int&& given_up = gofer::blocking([&]() -> int&& { return std::move(place); });
        VERIFY(&given_up == &place);
        int&& of_a_run = gofer::run([&]() -> int&& { return std::move(place); });
        VERIFY(&of_a_run == &place);
        gofer::blocking([&] { place = 5; });
        VERIFY(place == 5);
    });
    STATIC_REQUIRE(std::is_void_v<decltype(gofer::blocking([] {}))>);
}

TEST_CASE("blocking rethrows") {
    fixture::at_each_worker_count([] {
        VERIFY(fixture::throws<std::runtime_error>(
            [] { gofer::blocking([] { throw std::runtime_error{"io"}; }); }));
    });
}

TEST_CASE("a goroutine in blocking holds up no other, on one worker too") {
    fixture::at_each_worker_count([] {
        std::promise<int> from_goroutine;
        gofer::WaitGroup wg;
        wg.go([&] { gofer::blocking([&] { VERIFY(from_goroutine.get_future().get() == 7); }); });
        wg.go([&] { from_goroutine.set_value(7); });
        wg.wait();
    });
}

TEST_CASE("more goroutines in blocking than there are workers hold up no other") {
    fixture::at_each_worker_count([] {
        std::promise<void> open;
        const std::shared_future<void> opened = open.get_future().share();
        gofer::WaitGroup wg;
        std::atomic<int> inside{0};
        for (int i = 0; i < 20; ++i) {
            wg.go([&, opened] {
                gofer::blocking([&] {
                    ++inside;
                    opened.wait();
                });
            });
        }
        VERIFY(fixture::eventually([&] { return inside == 20; }));
        open.set_value();
        wg.wait();
    });
}

TEST_CASE("code in blocking still is its goroutine") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        wg.go({.name = "io"}, [] {
            const auto id = gofer::this_goroutine::id();
            gofer::blocking([id] {
                VERIFY(gofer::this_goroutine::inside());
                VERIFY(gofer::this_goroutine::id() == id);
                VERIFY(gofer::this_goroutine::name() == "io");
            });
        });
        wg.wait();
    });
}

TEST_CASE("library calls in blocking code block its thread") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go([c] {
            gofer::blocking([c] {
                const auto thread = std::this_thread::get_id();
                VERIFY(c.receive() == 1);
                c.send(2);
                VERIFY(std::this_thread::get_id() == thread);
            });
        });
        c.send(1);
        VERIFY(c.receive() == 2);
        wg.wait();
    });
}

TEST_CASE("blocking on a plain thread is a call") {
    const auto thread = std::this_thread::get_id();
    CHECK(gofer::blocking([] { return std::this_thread::get_id(); }) == thread);
}

TEST_CASE("errno and the exception being handled come along, there and back") {
    fixture::at_each_worker_count([] {
        set_errno(5);
        gofer::blocking([] {
            VERIFY(errno_now() == 5);
            set_errno(6);
        });
        VERIFY(errno_now() == 6);
        try {
            throw 1;
        } catch (int) {
            gofer::blocking([] {
                VERIFY(std::current_exception() != nullptr);
                VERIFY(fixture::throws<int>([] { throw; }));
                VERIFY(fixture::throws<long>([] { throw 2L; }));
            });
            VERIFY(fixture::throws<int>([] { throw; }));
        }
        VERIFY(!gofer::blocking([] { return std::current_exception() != nullptr; }));
    });
}

TEST_CASE("blocking code belongs to its goroutine's runtime") {
    fixture::at_each_worker_count([] {
        gofer::Runtime& here = gofer::Runtime::current();
        gofer::WaitGroup wg;
        gofer::blocking([&] {
            VERIFY(&gofer::Runtime::current() == &here);
            wg.go([&] { VERIFY(&gofer::Runtime::current() == &here); });
        });
        wg.wait();
    });
}

TEST_CASE("blocking inside of blocking is a call") {
    fixture::at_each_worker_count([] {
        gofer::blocking([] {
            const auto thread = std::this_thread::get_id();
            VERIFY(gofer::blocking([] { return std::this_thread::get_id(); }) == thread);
        });
    });
}

TEST_CASE("one pool serves goroutines by the thousands, beyond the bound of its threads") {
    auto main = [] {
        std::atomic<int> done{0};
        gofer::WaitGroup wg;
        for (int i = 0; i < 2000; ++i)
            wg.go([&] {
                gofer::blocking([&] {
                    std::this_thread::sleep_for(std::chrono::milliseconds{1});
                    ++done;
                });
            });
        wg.wait();
        VERIFY(done == 2000);
        VERIFY(gofer::sched::BlockingPool::instance().threads() <= gofer::sched::BlockingPool::most_threads);
    };
    fixture::at_workers(2, main);
}

TEST_CASE("threads without work end after some seconds") {
    gofer::run([] { gofer::blocking([] {}); });
    REQUIRE(gofer::sched::BlockingPool::instance().threads() > 0);
    CHECK(fixture::eventually([] { return gofer::sched::BlockingPool::instance().threads() == 0; }));
}

TEST_CASE("a runtime ends although one sits in blocking, which ends later") {
    const auto left = std::make_shared<std::atomic<bool>>(false);
    const auto through = std::make_shared<std::atomic<bool>>(false);
    const auto resumed = std::make_shared<std::atomic<bool>>(false);
    auto options = fixture::with_workers(2);
    options.shutdown_grace = std::chrono::milliseconds{10};
    gofer::run(options, [=] {
        const auto inside = std::make_shared<std::atomic<bool>>(false);
        gofer::go([=] {
            gofer::blocking([=] {
                *inside = true;
                while (!*left) std::this_thread::yield();
                *through = gofer::this_goroutine::id() != 0;
            });
            *resumed = true;
        });
        VERIFY(fixture::eventually([=] { return inside->load(); }));
    });
    *left = true;
    CHECK(fixture::eventually([=] { return through->load(); }));
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
    CHECK_FALSE(*resumed);
    fixture::require_no_failures();
}

TEST_CASE("blocking code of one whose runtime is over does not run") {
    const auto ran = std::make_shared<std::atomic<bool>>(false);
    fixture::past_the_end([ran] { gofer::blocking([ran] { *ran = true; }); });
    CHECK(fixture::eventually([] {
        auto& pool = gofer::sched::BlockingPool::instance();
        return pool.idle() == pool.threads(); // and whatever it had run there has been
    }));
    CHECK_FALSE(*ran);
}

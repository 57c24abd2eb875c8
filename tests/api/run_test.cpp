// run: the main goroutine of a runtime of its own, its result, its exceptions, and runs within runs.
#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

TEST_CASE("run returns what its function returns, moved and never copied") {
    CHECK(gofer::run([] { return 42; }) == 42);
    CHECK(*gofer::run([] { return std::make_unique<int>(7); }) == 7);
    STATIC_REQUIRE(std::is_void_v<decltype(gofer::run([] {}))>);
}

TEST_CASE("run hands arguments to its function, also those that can only be moved") {
    CHECK(gofer::run([](int a, std::unique_ptr<int> b) { return a + *b; }, 40, std::make_unique<int>(2)) ==
          42);
    int written = 0;
    gofer::run([](int& n) { n = 3; }, std::ref(written));
    CHECK(written == 3);
}

TEST_CASE("run takes a function that can only be moved, a pointer to one, and one with state") {
    CHECK(gofer::run([p = std::make_unique<int>(5)] { return *p; }) == 5);
    int (*const pointer)() = [] { return 6; };
    CHECK(gofer::run(pointer) == 6);
    CHECK(gofer::run(std::function<int()>{[] { return 7; }}) == 7);
}

TEST_CASE("run rethrows what its function throws") {
    const fixture::LeakProof proof;
    const auto options = fixture::with_workers(2);
    CHECK_THROWS_AS(gofer::run(options, []() -> int { throw std::out_of_range{"far"}; }), std::out_of_range);
    CHECK_THROWS_AS(gofer::run(options, [] { throw 42; }), int);
    proof.require_clean();
}

TEST_CASE("closure and arguments of run are destroyed before it returns") {
    std::atomic<bool> closure_dead{false}, argument_dead{false};
    gofer::run([held = fixture::SlowToDie{closure_dead}](const fixture::SlowToDie&) {},
               fixture::SlowToDie{argument_dead});
    CHECK(closure_dead);
    CHECK(argument_dead);
}

TEST_CASE("run starts the workers it is told to") {
    for (const unsigned workers : fixture::worker_counts) {
        CHECK(gofer::run(fixture::with_workers(workers),
                         [] { return gofer::Runtime::current().stats().workers; }) == workers);
    }
}

TEST_CASE("run inside a goroutine parks it while the inner runtime runs") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> to_inner, from_inner;
        gofer::WaitGroup wg;
        wg.go([=] {
            const int got = gofer::run(fixture::with_workers(1), [=] {
                const int question = to_inner.receive().value();
                from_inner.send(question + 1);
                return question;
            });
            VERIFY(got == 41);
        });
        to_inner.send(41);
        VERIFY(from_inner.receive() == 42);
        wg.wait();
    });
}

TEST_CASE("runs nest, results and exceptions pass through every level") {
    fixture::at_each_worker_count([] {
        const int depth = gofer::run(fixture::with_workers(2), [] {
            return 1 + gofer::run(fixture::with_workers(1), [] { return 1 + gofer::run([] { return 1; }); });
        });
        VERIFY(depth == 3);
        VERIFY(fixture::throws<std::domain_error>(
            [] { gofer::run([] { gofer::run([] { throw std::domain_error{"deep"}; }); }); }));
    });
}

TEST_CASE("an inner run is a runtime of its own") {
    fixture::at_each_worker_count([] {
        auto& outer = gofer::Runtime::current();
        gofer::run(fixture::with_workers(1), [&outer] { VERIFY(&gofer::Runtime::current() != &outer); });
        VERIFY(&gofer::Runtime::current() == &outer);
    });
}

TEST_CASE("several plain threads may run runtimes at the same time") {
    fixture::on_a_plain_thread([] {
        std::vector<std::thread> threads;
        std::atomic<int> sum{0};
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&sum, t] {
                sum += gofer::run(fixture::with_workers(2), [t] {
                    const gofer::Channel<int> c;
                    for (int i = 0; i < 10; ++i) gofer::go([c, t] { c.send(t); });
                    int total = 0;
                    for (int i = 0; i < 10; ++i) total += c.receive().value();
                    return total;
                });
            });
        }
        for (auto& thread : threads) thread.join();
        VERIFY(sum == 60);
    });
}

TEST_CASE("one channel joins goroutines of two runtimes") {
    fixture::on_a_plain_thread([] {
        const gofer::Channel<int> there, back;
        std::thread other{[=] {
            gofer::run(fixture::with_workers(2), [=] {
                for (int v : there) back.send(v + 1);
                back.close();
            });
        }};
        gofer::run(fixture::with_workers(2), [=] {
            for (int i = 0; i < 100; ++i) {
                there.send(i);
                VERIFY(back.receive() == i + 1);
            }
            there.close();
        });
        other.join();
    });
}

TEST_CASE("the main goroutine of run has room for what a thread's stack holds") {
    fixture::at_each_worker_count([] {
        const std::function<int(int)> deep = [&deep](int n) {
            volatile char frame[4096];
            frame[0] = 1;
            return n == 0 ? 0 : frame[0] + deep(n - 1);
        };
        VERIFY(deep(1000) == 1000);
    });
}

TEST_CASE("a runtime may be run hundreds of times in a row") {
    const fixture::LeakProof proof;
    for (int i = 0; i < 200; ++i) CHECK(gofer::run(fixture::with_workers(2), [i] { return i; }) == i);
    proof.require_clean();
}

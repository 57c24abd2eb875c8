// Future and async: the value or the exception, once; waiting for it, with and without a limit; dropping it.
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("get gives the value async returned") {
    fixture::at_each_worker_count([] {
        auto future = gofer::async([](int a, int b) { return a + b; }, 40, 2);
        STATIC_REQUIRE(std::is_same_v<decltype(future), gofer::Future<int>>);
        VERIFY(future.get() == 42);
        VERIFY(!future.valid());
    });
}

TEST_CASE("get throws what async threw") {
    fixture::at_each_worker_count([] {
        auto future = gofer::async([]() -> int { throw std::out_of_range{"far"}; });
        VERIFY(fixture::throws<std::out_of_range>([&] { future.get(); }));
        VERIFY(!future.valid());
    });
}

TEST_CASE("async of a function without a result can be waited for") {
    fixture::at_each_worker_count([] {
        int written = 0;
        gofer::Future<void> future = gofer::async([&] { written = 1; });
        future.get();
        VERIFY(written == 1);
    });
}

TEST_CASE("async takes arguments and gives results that can only be moved") {
    fixture::at_each_worker_count([] {
        auto future = gofer::async([](std::unique_ptr<int> p) { return std::make_unique<int>(*p + 1); },
                                   std::make_unique<int>(1));
        const std::unique_ptr<int> result = future.get();
        VERIFY(result && *result == 2);
    });
}

TEST_CASE("async and a promise carry references of either kind") {
    fixture::at_each_worker_count([] {
        std::string text{"as it was"};
        VERIFY(&gofer::async([&text]() -> std::string& { return text; }).get() == &text);
        gofer::Future<std::string&&> future = gofer::async([&text]() -> std::string&& { return std::move(text); });
        std::string&& there = future.get();
        VERIFY(&there == &text && text == "as it was");
        gofer::Promise<std::string&&> promise;
        promise.set_value(std::move(text));
        const std::string taken = promise.future().get();
        VERIFY(taken == "as it was" && text.empty());
    });
}

TEST_CASE("ready tells whether get would wait, and wait waits without taking the value") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        auto future = gofer::async([c] { return c.receive().value(); });
        VERIFY(future.valid());
        VERIFY(!future.ready());
        c.send(3);
        future.wait();
        VERIFY(future.ready());
        future.wait();
        VERIFY(future.valid());
        VERIFY(future.get() == 3);
    });
}

TEST_CASE("wait_for tells whether the value came in time") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        auto future = gofer::async([c] { return c.receive().value(); });
        VERIFY(!future.wait_for(0ms));
        const auto start = gofer::Clock::now();
        VERIFY(!future.wait_for(2ms));
        VERIFY(gofer::Clock::now() - start >= 2ms);
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(future.wait_for(std::chrono::hours::max())); });
        fixture::parked_reaches(2);
        c.send(1);
        wg.wait();
        VERIFY(future.wait_for(0ms));
        VERIFY(future.get() == 1);
    });
}

TEST_CASE("a Future moves, and what it was moved from is no longer valid") {
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<gofer::Future<int>>);
    CHECK_FALSE(gofer::Future<int>{}.valid());
    fixture::at_each_worker_count([] {
        auto first = gofer::async([] { return 1; });
        gofer::Future<int> second = std::move(first);
        VERIFY(!first.valid()); // NOLINT(bugprone-use-after-move): this is the claim
        first = std::move(second);
        VERIFY(first.get() == 1);
    });
}

TEST_CASE("a second get throws std::future_error") {
    fixture::at_each_worker_count([] {
        auto future = gofer::async([] { return 1; });
        VERIFY(future.get() == 1);
        VERIFY(fixture::throws<std::future_error>([&] { future.get(); }));
    });
}

TEST_CASE("a goroutine whose Future is dropped goes on, and its exception is ignored") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> start, done(2);
        static_cast<void>(gofer::async([=] { done.send(start.receive().value()); }));
        static_cast<void>(gofer::async([=] {
            const gofer::Defer tell{[=] { done.send(start.receive().value()); }};
            throw std::runtime_error{"nobody asks"};
        }));
        start.send(1);
        start.send(2);
        VERIFY(done.receive().value() + done.receive().value() == 3);
    });
}

TEST_CASE("closure and arguments are destroyed before the Future is ready, result or exception") {
    fixture::at_each_worker_count([] {
        for (const bool throws : {false, true}) {
            std::atomic<bool> closure_dead{false}, argument_dead{false};
            auto future = gofer::async(
                [throws, held = fixture::SlowToDie{closure_dead}](const fixture::SlowToDie&) {
                    if (throws) throw std::runtime_error{"instead"};
                    return 3;
                },
                fixture::SlowToDie{argument_dead});
            future.wait();
            VERIFY(closure_dead);
            VERIFY(argument_dead);
            VERIFY(throws == fixture::throws<std::runtime_error>([&] { VERIFY(future.get() == 3); }));
        }
    });
}

TEST_CASE("a value that nobody gets is destroyed with its Future") {
    fixture::at_each_worker_count([] {
        const long before = fixture::Alive::count;
        {
            auto future = gofer::async([] { return fixture::Lone{1}; });
            future.wait();
        }
        VERIFY(fixture::eventually([before] { return fixture::Alive::count == before; }));
    });
}

TEST_CASE("a Future may be destroyed while the goroutine that made it ready has not yet returned from that") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 500; ++i) VERIFY(gofer::async([i] { return i; }).get() == i);
    });
}

TEST_CASE("a plain thread gets what a goroutine computes") {
    fixture::on_a_plain_thread([] {
        std::vector<gofer::Future<int>> futures;
        for (int i = 0; i < 50; ++i) futures.push_back(gofer::async([i] { return i; }));
        int sum = 0;
        for (auto& future : futures) sum += future.get();
        VERIFY(sum == 49 * 50 / 2);
    });
}

TEST_CASE("get throws what is no std::exception, too") {
    fixture::at_each_worker_count([] {
        auto future = gofer::async([]() -> int { throw 42; });
        int caught = 0;
        try {
            future.get();
        } catch (int thrown) {
            caught = thrown;
        }
        VERIFY(caught == 42);
    });
}

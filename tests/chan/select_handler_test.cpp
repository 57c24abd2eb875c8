// Handlers of a select: what they are given, when they run, and what they may do.
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

TEST_CASE("a receive handler takes the value, or nothing") {
    const gofer::Channel<int> c(2);
    c.send(1);
    c.send(2);
    int got = 0, called = 0;
    gofer::select(gofer::recv(c, [&](std::optional<int> v) { got = *v; }));
    gofer::select(gofer::recv(c, [&] { ++called; }));
    CHECK(got == 1);
    CHECK(called == 1);
}

TEST_CASE("a receive handler gets a move-only value to keep") {
    const gofer::Channel<std::unique_ptr<int>> c(1);
    c.send(std::make_unique<int>(4));
    std::unique_ptr<int> kept;
    gofer::select(gofer::recv(c, [&](std::optional<std::unique_ptr<int>> v) { kept = std::move(*v); }));
    REQUIRE(kept != nullptr);
    CHECK(*kept == 4);
}

TEST_CASE("only the handler of the chosen case runs") {
    const gofer::Channel<int> ready(1), never;
    int right = 0, wrong = 0;
    gofer::select(gofer::recv(never, [&] { ++wrong; }), gofer::send(ready, 1, [&] { ++right; }),
                  gofer::recv(ready, [&] { ++wrong; }));
    CHECK(right == 1);
    CHECK(wrong == 0);
}

TEST_CASE("handlers that can only be moved work in every kind of case") {
    const gofer::Channel<int> c(1);
    int sum = 0;
    const auto adds = [&sum](int n) { return [&sum, n = std::make_unique<int>(n)] { sum += *n; }; };
    gofer::select(gofer::send(c, 7, adds(1)));
    gofer::select(gofer::recv(c, adds(10)));
    gofer::select(gofer::otherwise(adds(100)));
    gofer::select(gofer::timeout(std::chrono::milliseconds{0}, adds(1000)));
    CHECK(sum == 1111);
}

TEST_CASE("a handler may use the channels of its own select") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c(1);
        c.send(1);
        gofer::select(gofer::recv(c, [&](std::optional<int> v) {
            c.send(*v + 1);
            VERIFY(c.size() == 1);
        }));
        VERIFY(c.receive() == 2);
    });
}

TEST_CASE("a handler may block, and select again") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> a(1), b;
        gofer::WaitGroup wg;
        int inner = 0;
        a.send(1);
        wg.go([&] {
            gofer::select(gofer::recv(a, [&] {
                gofer::select(gofer::recv(b, [&](std::optional<int> v) { inner = *v; }));
                VERIFY(b.receive() == 3);
            }));
        });
        fixture::parked_reaches(1);
        b.send(2);
        b.send(3);
        wg.wait();
        VERIFY(inner == 2);
    });
}

TEST_CASE("what a handler throws comes out of select, after the choice took effect") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c(1), never;
        const auto fails = [] { throw std::runtime_error{"handler"}; };
        VERIFY(fixture::throws<std::runtime_error>(
            [&] { gofer::select(gofer::recv(never), gofer::send(c, 1, fails)); }));
        VERIFY(c.size() == 1);
        VERIFY(fixture::throws<std::runtime_error>(
            [&] { gofer::select(gofer::recv(c, fails), gofer::recv(never)); }));
        VERIFY(c.size() == 0);
        VERIFY(!never.try_send(1));
        VERIFY(fixture::throws<std::runtime_error>(
            [&] { gofer::select(gofer::recv(c), gofer::otherwise(fails)); }));
    });
}

TEST_CASE("a handler that throws after its select waited leaves no case behind") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> a, b;
        gofer::WaitGroup wg;
        wg.go([&] {
            const auto fails = [](std::optional<int>) { throw std::runtime_error{"handler"}; };
            VERIFY(fixture::throws<std::runtime_error>(
                [&] { gofer::select(gofer::recv(a, fails), gofer::recv(b)); }));
        });
        fixture::parked_reaches(1);
        a.send(1);
        wg.wait();
        VERIFY(!b.try_send(1));
    });
}

TEST_CASE("a slot is left alone when another case is chosen") {
    const gofer::Channel<int> ready(1), never;
    std::optional<int> chosen, other = 7;
    ready.send(1);
    gofer::select(gofer::recv(never, other), gofer::recv(ready, chosen));
    CHECK(chosen == 1);
    CHECK(other == 7);
}

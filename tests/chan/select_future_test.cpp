// recv(future): a case that is ready when the Future is.
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("a future's case waits until it is ready and leaves the value to get") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<gofer::Unit> start;
        const gofer::Channel<int> never;
        auto future = gofer::async([start] {
            start.receive();
            return 42;
        });
        VERIFY(gofer::select(gofer::recv(future), gofer::otherwise()) == 1);
        gofer::WaitGroup wg;
        wg.go([&] {
            bool called = false;
            VERIFY(gofer::select(gofer::recv(never), gofer::recv(future, [&] { called = true; })) == 1);
            VERIFY(called);
            VERIFY(future.get() == 42);
        });
        fixture::parked_reaches(2);
        start.send({});
        wg.wait();
        VERIFY(!never.try_send(1));
    });
}

TEST_CASE("a future that is ready already is chosen at once, as often as asked") {
    gofer::Promise<int> promise;
    auto future = promise.future();
    promise.set_value(1);
    CHECK(gofer::select(gofer::recv(future), gofer::otherwise()) == 0);
    CHECK(gofer::select(gofer::recv(future), gofer::otherwise()) == 0);
    CHECK(future.get() == 1);
}

TEST_CASE("a future that holds an exception is ready, and get throws it") {
    fixture::at_each_worker_count([] {
        auto future = gofer::async([]() -> int { throw std::runtime_error{"lost"}; });
        VERIFY(gofer::select(gofer::recv(future), gofer::timeout(1h)) == 0);
        VERIFY(fixture::throws<std::runtime_error>([&] { future.get(); }));
    });
}

TEST_CASE("a broken promise makes its future's case ready") {
    fixture::at_each_worker_count([] {
        auto promise = std::make_unique<gofer::Promise<int>>();
        auto future = promise->future();
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(gofer::select(gofer::recv(future), gofer::timeout(1h)) == 0); });
        fixture::parked_reaches(1);
        promise.reset();
        wg.wait();
        VERIFY(fixture::throws<std::future_error>([&] { future.get(); }));
    });
}

TEST_CASE("a future whose case lost can still be waited for") {
    fixture::at_each_worker_count([] {
        gofer::Promise<int> promise;
        auto future = promise.future();
        const gofer::Channel<int> c;
        VERIFY(gofer::select(gofer::recv(future), gofer::timeout(100us)) == 1);
        gofer::WaitGroup wg;
        wg.go([&] {
            VERIFY(gofer::select(gofer::recv(future), gofer::recv(c)) == 1);
            VERIFY(future.get() == 5);
        });
        fixture::parked_reaches(1);
        c.send(1);
        promise.set_value(5);
        wg.wait();
    });
}

TEST_CASE("of several futures the first to be ready is chosen") {
    fixture::at_each_worker_count([] {
        gofer::Promise<int> a, b;
        gofer::Promise<void> c;
        auto fa = a.future();
        auto fb = b.future();
        auto fc = c.future();
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(gofer::select(gofer::recv(fa), gofer::recv(fb), gofer::recv(fc)) == 2); });
        fixture::parked_reaches(1);
        c.set_value();
        wg.wait();
        a.set_value(1);
        b.set_value(2);
        VERIFY(fa.get() + fb.get() == 3);
    });
}

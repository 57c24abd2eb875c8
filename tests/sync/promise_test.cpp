// Promise: the other end of a Future, set by hand.
#include <atomic>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

template <class F>
std::optional<std::error_code> future_error_of(F&& f) {
    try {
        f();
    } catch (const std::future_error& error) {
        return error.code();
    }
    return std::nullopt;
}

const std::error_code broken = make_error_code(std::future_errc::broken_promise);
const std::error_code set_before = make_error_code(std::future_errc::promise_already_satisfied);
const std::error_code taken_before = make_error_code(std::future_errc::future_already_retrieved);

} // namespace

TEST_CASE("a promise's value goes to its future, set before or while it is waited for") {
    fixture::at_each_worker_count([] {
        gofer::Promise<int> early, late;
        auto early_future = early.future(), late_future = late.future();
        early.set_value(1);
        VERIFY(early_future.ready());
        VERIFY(early_future.get() == 1);
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(late_future.get() == 2); });
        fixture::parked_reaches(1);
        late.set_value(2);
        wg.wait();
    });
}

TEST_CASE("a promise without a value wakes its future") {
    fixture::at_each_worker_count([] {
        gofer::Promise<void> promise;
        auto future = promise.future();
        gofer::WaitGroup wg;
        wg.go([&] { future.get(); });
        fixture::parked_reaches(1);
        VERIFY(!future.ready());
        promise.set_value();
        wg.wait();
    });
}

TEST_CASE("a promise's exception goes to its future") {
    gofer::Promise<int> promise;
    auto future = promise.future();
    promise.set_exception(std::make_exception_ptr(std::runtime_error{"no"}));
    CHECK_THROWS_AS(future.get(), std::runtime_error);
}

TEST_CASE("a promise carries values that can only be moved") {
    gofer::Promise<std::unique_ptr<int>> promise;
    auto future = promise.future();
    promise.set_value(std::make_unique<int>(3));
    CHECK(*future.get() == 3);
}

TEST_CASE("a promise dropped unset breaks, and one that waits learns it") {
    fixture::at_each_worker_count([] {
        auto promise = std::make_unique<gofer::Promise<int>>();
        auto future = promise->future();
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(future_error_of([&] { future.get(); }) == broken); });
        fixture::parked_reaches(1);
        promise.reset();
        wg.wait();
    });
}

TEST_CASE("a promise that was moved from breaks nothing, one assigned over breaks") {
    gofer::Promise<int> first;
    auto future = first.future();
    {
        const gofer::Promise<int> unused;
        gofer::Promise<int> second = std::move(first);
        CHECK_FALSE(future.ready());
        second.set_value(4);
    }
    CHECK(future.get() == 4);
    gofer::Promise<int> third;
    auto broken_future = third.future();
    third = gofer::Promise<int>{};
    CHECK(future_error_of([&] { broken_future.get(); }) == broken);
}

TEST_CASE("a promise is kept once") {
    gofer::Promise<int> promise;
    auto future = promise.future();
    promise.set_value(1);
    CHECK(future_error_of([&] { promise.set_value(2); }) == set_before);
    CHECK(future_error_of([&] { promise.set_exception(std::make_exception_ptr(1)); }) == set_before);
    CHECK(future.get() == 1);
}

TEST_CASE("a promise gives its future once") {
    gofer::Promise<int> promise;
    const auto future = promise.future();
    CHECK(future.valid());
    CHECK(future_error_of([&] { static_cast<void>(promise.future()); }) == taken_before);
}

TEST_CASE("a promise whose future was dropped may still be set") {
    gofer::Promise<int> promise;
    { const auto dropped = promise.future(); }
    promise.set_value(1);
    CHECK(future_error_of([&] { promise.set_value(2); }) == set_before);
}

TEST_CASE("of two that set a promise at once one succeeds") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 200; ++i) {
            gofer::Promise<int> promise;
            auto future = promise.future();
            gofer::WaitGroup wg;
            std::atomic<int> refused{0};
            for (int who = 0; who < 2; ++who) {
                wg.go([&, who] { refused += future_error_of([&] { promise.set_value(who); }).has_value(); });
            }
            const int value = future.get();
            wg.wait();
            VERIFY(refused == 1);
            VERIFY((value == 0 || value == 1));
        }
    });
}

TEST_CASE("a plain thread keeps a promise to a goroutine, and a goroutine to a plain thread") {
    fixture::on_a_plain_thread([] {
        gofer::Promise<int> question;
        auto asked = question.future();
        auto answer = gofer::async([&] { return asked.get() + 1; });
        std::thread thread{[&] { question.set_value(41); }};
        VERIFY(answer.get() == 42);
        thread.join();
    });
}

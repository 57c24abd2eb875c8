// A walk down the page "Synchronization" of the public interface: every name is there, with the types and guards
// that are promised.
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "concepts.hpp"

using namespace std::chrono_literals;

namespace {

const auto moment = gofer::Clock::now();

template <class T>
concept Lockable = Stays<T> && requires(T& m, const gofer::Context& ctx) {
    { m.lock() } -> std::same_as<void>;
    { m.try_lock() } -> std::same_as<bool>;
    { m.unlock() } -> std::same_as<void>;
    { m.try_lock_for(1ms) } -> std::same_as<bool>;
    { m.try_lock_until(moment) } -> std::same_as<bool>;
    { m.try_lock_until(std::chrono::system_clock::now()) } -> std::same_as<bool>;
    { m.lock(ctx) } -> std::same_as<bool>;
    { m.try_lock(ctx) } -> std::same_as<bool>;
};

template <class T>
concept SharedLockable = Lockable<T> && requires(T& m, const gofer::Context& ctx) {
    { m.lock_shared() } -> std::same_as<void>;
    { m.try_lock_shared() } -> std::same_as<bool>;
    { m.unlock_shared() } -> std::same_as<void>;
    { m.try_lock_shared_for(1ms) } -> std::same_as<bool>;
    { m.try_lock_shared_until(moment) } -> std::same_as<bool>;
    { m.try_lock_shared_until(std::chrono::system_clock::now()) } -> std::same_as<bool>;
    { m.lock_shared(ctx) } -> std::same_as<bool>;
    { m.try_lock_shared(ctx) } -> std::same_as<bool>;
};

template <class L>
concept GoesWithCond = requires(gofer::Cond& c, L& lock, const gofer::Context& ctx) {
    { c.wait(lock) } -> std::same_as<void>;
    { c.wait(lock, [] { return true; }) } -> std::same_as<void>;
    { c.wait_for(lock, 1ms) } -> std::same_as<std::cv_status>;
    { c.wait_for(lock, 1ms, [] { return true; }) } -> std::same_as<bool>;
    { c.wait_until(lock, moment) } -> std::same_as<std::cv_status>;
    { c.wait_until(lock, moment, [] { return true; }) } -> std::same_as<bool>;
    { c.wait(lock, ctx) } -> std::same_as<bool>;
    { c.wait(lock, ctx, [] { return true; }) } -> std::same_as<bool>;
};

constinit gofer::WaitGroup global_group;
constinit gofer::Mutex global_mutex;
constinit gofer::RWMutex global_rw_mutex;
constinit gofer::Cond global_cond;
constinit gofer::Once global_once;
constinit gofer::Semaphore global_semaphore{2};
constinit gofer::Barrier global_barrier{1};

} // namespace

TEST_CASE("WaitGroup: add, done, wait, its timed and context forms, and go") {
    gofer::WaitGroup& wg = global_group;
    STATIC_REQUIRE(Stays<gofer::WaitGroup>);
    STATIC_REQUIRE(std::same_as<decltype(wg.wait()), void>);
    STATIC_REQUIRE(std::same_as<decltype(wg.wait_for(1ms)), bool>);
    STATIC_REQUIRE(std::same_as<decltype(wg.wait_until(moment)), bool>);
    STATIC_REQUIRE(std::same_as<decltype(wg.wait(std::declval<const gofer::Context&>())), bool>);
    wg.add();
    wg.add(1);
    wg.done();
    wg.done();
    int ran = 0;
    const auto count = [&ran](int n) { ran += n; };
    wg.go(count, 1);
    wg.wait();
    wg.go({.name = "counter"}, count, 1);
    wg.wait();
    wg.go([&] { ++ran; });
    wg.wait();
    wg.go({.name = "counter"}, [&] { ++ran; });
    const gofer::Context ctx = gofer::Context::background();
    CHECK(wg.wait(ctx));
    CHECK(ran == 4);
    CHECK_THROWS_AS(wg.done(), std::logic_error);
}

TEST_CASE("Mutex is TimedLockable, with context forms, and works with std's guards") {
    STATIC_REQUIRE(Lockable<gofer::Mutex>);
    { const std::lock_guard guard{global_mutex}; }
    { std::unique_lock lock{global_mutex, 1ms}; CHECK(lock.owns_lock()); }
    { std::scoped_lock both{global_mutex, global_rw_mutex}; }
    CHECK(global_mutex.lock(gofer::Context::background()));
    global_mutex.unlock();
}

TEST_CASE("RWMutex is SharedTimedLockable, with context forms, and works with std's guards") {
    STATIC_REQUIRE(SharedLockable<gofer::RWMutex>);
    { const std::lock_guard guard{global_rw_mutex}; }
    { std::unique_lock lock{global_rw_mutex, moment}; CHECK(lock.owns_lock()); }
    {
        std::shared_lock reading{global_rw_mutex};
        std::shared_lock beside{global_rw_mutex, 1ms};
        CHECK(beside.owns_lock());
    }
    CHECK(global_rw_mutex.lock_shared(gofer::Context::background()));
    global_rw_mutex.unlock_shared();
}

TEST_CASE("Cond waits with a Mutex, a unique_lock of one, and any other lock") {
    STATIC_REQUIRE(Stays<gofer::Cond>);
    STATIC_REQUIRE(GoesWithCond<gofer::Mutex>);
    STATIC_REQUIRE(GoesWithCond<std::unique_lock<gofer::Mutex>>);
    STATIC_REQUIRE(GoesWithCond<std::unique_lock<gofer::RWMutex>>);
    STATIC_REQUIRE(GoesWithCond<std::shared_lock<gofer::RWMutex>>);
    STATIC_REQUIRE(GoesWithCond<std::unique_lock<std::mutex>>);
    global_cond.notify_one();
    global_cond.notify_all();
    std::unique_lock lock{global_mutex};
    global_cond.wait(lock, [] { return true; });
    CHECK(global_cond.wait_for(lock, 0ms) == std::cv_status::timeout);
    CHECK_FALSE(global_cond.wait_for(lock, 0ms, [] { return false; }));
}

TEST_CASE("Once calls once, and once_value computes once") {
    STATIC_REQUIRE(Stays<gofer::Once>);
    int calls = 0;
    const auto count = [&] { ++calls; };
    CHECK_THROWS_AS(global_once.call([] { throw std::runtime_error("not done"); }), std::runtime_error);
    global_once.call(count);
    global_once.call(count);
    CHECK(global_once.call(gofer::Context::background(), count));
    CHECK(calls == 1);
    const auto value = gofer::once_value([&] { return std::to_string(++calls); });
    STATIC_REQUIRE(std::copyable<std::remove_const_t<decltype(value)>>);
    STATIC_REQUIRE(std::is_invocable_r_v<std::string, decltype(value)>);
    const std::function<std::string()> stored = value;
    CHECK(stored() == "2");
    CHECK(value() == "2");
}

TEST_CASE("Semaphore acquires one or several, tries, waits with limits, and releases") {
    STATIC_REQUIRE(Stays<gofer::Semaphore>);
    gofer::Semaphore& semaphore = global_semaphore;
    const gofer::Context ctx = gofer::Context::background();
    semaphore.acquire();
    semaphore.release();
    semaphore.acquire(2);
    semaphore.release(2);
    CHECK(semaphore.acquire(ctx));
    CHECK(semaphore.try_acquire());
    CHECK_FALSE(semaphore.try_acquire(1));
    CHECK_FALSE(semaphore.try_acquire_for(0ms));
    CHECK_FALSE(semaphore.try_acquire_until(moment, 1));
    semaphore.release(2);
    CHECK(semaphore.acquire(ctx, 2));
    semaphore.release(1);
    CHECK(semaphore.try_acquire_for(1ms, 1));
    semaphore.release(2);
    CHECK_THROWS_AS(semaphore.release(), std::logic_error);
    CHECK_THROWS_AS(semaphore.acquire(3), std::invalid_argument);
    CHECK_FALSE(semaphore.try_acquire(3));
    STATIC_REQUIRE_FALSE(std::is_convertible_v<int, gofer::Semaphore>);
}

TEST_CASE("Barrier arrives and waits, and is reusable") {
    STATIC_REQUIRE(Stays<gofer::Barrier>);
    global_barrier.arrive_and_wait();
    global_barrier.arrive_and_wait();
    CHECK(global_barrier.arrive_and_wait_for(0ms));
    CHECK(global_barrier.arrive_and_wait_until(moment));
    CHECK(global_barrier.arrive_and_wait(gofer::Context::background()));
}

TEST_CASE("a context that has ended ends every wait, with a deadline or by hand") {
    auto [soon, cancel] = gofer::with_timeout(gofer::Context::background(), 1ms);
    gofer::Semaphore semaphore{1};
    semaphore.acquire();
    CHECK_FALSE(semaphore.acquire(soon));
    CHECK_FALSE(semaphore.acquire(soon, 5));
    CHECK_FALSE(global_mutex.lock(soon));
    CHECK_FALSE(global_rw_mutex.lock(soon));
    CHECK_FALSE(global_rw_mutex.lock_shared(soon));
    CHECK_FALSE(global_group.wait(soon));
    CHECK_FALSE(gofer::Barrier{2}.arrive_and_wait(soon));
    std::unique_lock lock{global_mutex};
    CHECK_FALSE(global_cond.wait(lock, soon));
    CHECK(global_cond.wait(lock, soon, [] { return true; }));
}

TEST_CASE("a Future waits with limits, too") {
    gofer::Promise<int> promise;
    const auto future = promise.future();
    CHECK_FALSE(future.wait_for(0ms));
    CHECK_FALSE(future.wait_until(moment));
    promise.set_value(1);
    CHECK(future.wait(gofer::Context::background()));
}

// What blocks in sync/ can be ended by a context: fails at once without effect when it has ended before, gives up
// when it ends meanwhile, and leaves nothing behind.
#include <chrono>
#include <functional>
#include <mutex>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/interrupts.hpp"

using namespace std::chrono_literals;
using fixture::Trigger;

namespace {

struct NeverEnds {
    friend gofer::wait::Interrupt* interrupt_of(const NeverEnds&) noexcept { return nullptr; }
};

/// Calls `wait` in a goroutine with a context that ends while it waits; it has to give up.
template <class Wait>
void gives_up(Wait wait) {
    Trigger trigger;
    gofer::WaitGroup wg;
    wg.go([&] { VERIFY(!wait(trigger)); });
    fixture::parked_reaches(1);
    VERIFY(!trigger.idle());
    trigger.fire();
    wg.wait();
    VERIFY(trigger.idle());
    VERIFY(!wait(trigger));
}

} // namespace

TEST_CASE("a lock whose context has ended fails at once, though the mutex is free") {
    Trigger ended;
    ended.fire();
    gofer::Mutex mutex;
    CHECK_FALSE(mutex.lock(ended));
    CHECK_FALSE(mutex.try_lock(ended));
    CHECK(mutex.try_lock());
    gofer::RWMutex rw;
    CHECK_FALSE(rw.lock(ended));
    CHECK_FALSE(rw.try_lock(ended));
    CHECK_FALSE(rw.lock_shared(ended));
    CHECK_FALSE(rw.try_lock_shared(ended));
    CHECK(rw.try_lock());
}

TEST_CASE("a lock of what is free succeeds, and does not touch the context") {
    Trigger trigger;
    gofer::Mutex mutex;
    CHECK(mutex.lock(trigger));
    mutex.unlock();
    CHECK(mutex.lock(NeverEnds{}));
    gofer::RWMutex rw;
    CHECK(rw.lock_shared(trigger));
    rw.unlock_shared();
    CHECK(rw.lock(trigger));
    CHECK(trigger.idle());
}

TEST_CASE("a context that ends ends the waits for Mutex and RWMutex") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::RWMutex rw;
        mutex.lock();
        rw.lock();
        gives_up([&](const Trigger& ctx) { return mutex.lock(ctx); });
        gives_up([&](const Trigger& ctx) { return rw.lock(ctx); });
        gives_up([&](const Trigger& ctx) { return rw.lock_shared(ctx); });
        mutex.unlock();
        rw.unlock();
        VERIFY(mutex.try_lock() && rw.try_lock());
    });
}

TEST_CASE("a lock comes through before its context ends") {
    fixture::at_each_worker_count([] {
        Trigger trigger;
        gofer::Mutex mutex;
        gofer::RWMutex rw;
        gofer::WaitGroup wg;
        mutex.lock();
        rw.lock();
        wg.go([&] { VERIFY(mutex.lock(trigger)); });
        wg.go([&] { VERIFY(rw.lock_shared(trigger)); });
        fixture::parked_reaches(2);
        mutex.unlock();
        rw.unlock();
        wg.wait();
        VERIFY(trigger.idle() && !mutex.try_lock() && !rw.try_lock() && rw.try_lock_shared());
    });
}

TEST_CASE("a context ends the wait for a WaitGroup, and the group goes on") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup group;
        Trigger trigger;
        VERIFY(group.wait(trigger));
        group.add();
        gives_up([&](const Trigger& ctx) { return group.wait(ctx); });
        VERIFY(!group.wait_until(gofer::Clock::now() + 100us));
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(group.wait(trigger)); });
        fixture::parked_reaches(1);
        group.done();
        wg.wait();
        VERIFY(trigger.idle() && group.wait_until(gofer::Clock::now() - 1h));
    });
}

TEST_CASE("a context ends the wait for a Future, which may be waited for again") {
    fixture::at_each_worker_count([] {
        gofer::Promise<int> promise;
        auto future = promise.future();
        gives_up([&](const Trigger& ctx) { return future.wait(ctx); });
        promise.set_value(1);
        Trigger trigger;
        VERIFY(future.wait(trigger) && trigger.idle());
        VERIFY(future.get() == 1);
    });
}

TEST_CASE("a context ends the wait for a Cond, and the lock is held afterwards") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::Cond cond;
        gives_up([&](const Trigger& ctx) {
            std::unique_lock lock{mutex};
            const bool notified = cond.wait(lock, ctx);
            VERIFY(!mutex.try_lock());
            return notified;
        });
        gives_up([&](const Trigger& ctx) {
            std::unique_lock lock{mutex};
            return cond.wait(lock, ctx, [] { return false; });
        });
        Trigger trigger;
        gofer::WaitGroup wg;
        wg.go([&] {
            std::unique_lock lock{mutex};
            VERIFY(cond.wait(lock, trigger));
        });
        fixture::parked_reaches(1);
        cond.notify_one();
        wg.wait();
        VERIFY(trigger.idle());
    });
}

TEST_CASE("a Cond whose context has ended says what the predicate says") {
    Trigger ended;
    ended.fire();
    gofer::Mutex mutex;
    gofer::Cond cond;
    std::unique_lock lock{mutex};
    CHECK(cond.wait(lock, ended, [] { return true; }));
    CHECK_FALSE(cond.wait(lock, ended, [] { return false; }));
    CHECK(lock.owns_lock());
}

TEST_CASE("a context ends an acquire, and nothing is taken") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{3};
        semaphore.acquire(2);
        gives_up([&](const Trigger& ctx) { return semaphore.acquire(ctx, 2); });
        Trigger trigger;
        VERIFY(semaphore.acquire(trigger) && trigger.idle());
        semaphore.release(3);
        VERIFY(semaphore.try_acquire(3));
    });
}

TEST_CASE("an acquire of more than there are waits for its context and holds up no one") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{2};
        gives_up([&](const Trigger& ctx) {
            const bool got = semaphore.acquire(ctx, 3);
            VERIFY(!got);
            return got;
        });
        Trigger trigger;
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(!semaphore.acquire(trigger, 5)); });
        fixture::parked_reaches(1);
        VERIFY(semaphore.try_acquire(2));
        semaphore.release(2);
        trigger.fire();
        wg.wait();
    });
}

TEST_CASE("an acquire of more than there are, whose context never ends, waits for ever") {
    CHECK(fixture::parks_for_ever([] {
        gofer::Semaphore semaphore{1};
        static_cast<void>(semaphore.acquire(NeverEnds{}, 2));
    }));
}

TEST_CASE("an ended acquire lets in those behind it") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{2};
        Trigger trigger;
        gofer::WaitGroup wg;
        semaphore.acquire();
        wg.go([&] { VERIFY(!semaphore.acquire(trigger, 2)); });
        fixture::parked_reaches(1);
        wg.go([&] { semaphore.acquire(); });
        fixture::parked_reaches(2);
        trigger.fire();
        wg.wait();
    });
}

TEST_CASE("a context ends the wait at a Barrier, and the arrival is taken back") {
    fixture::at_each_worker_count([] {
        gofer::Barrier barrier{2};
        gives_up([&](const Trigger& ctx) { return barrier.arrive_and_wait(ctx); });
        Trigger trigger;
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(barrier.arrive_and_wait(trigger)); });
        fixture::parked_reaches(1);
        barrier.arrive_and_wait();
        wg.wait();
    });
}

TEST_CASE("a context ends the wait for another's function in a Once") {
    fixture::at_each_worker_count([] {
        gofer::Once once;
        const gofer::Channel<gofer::Unit> gate;
        gofer::WaitGroup wg;
        Trigger trigger;
        wg.go([&] { once.call([&] { gate.receive(); }); });
        fixture::parked_reaches(1);
        wg.go([&] { VERIFY(!once.call(trigger, [] { VERIFY(false); })); });
        fixture::parked_reaches(2);
        trigger.fire();
        VERIFY(fixture::eventually([&] { return trigger.idle(); }));
        gate.close();
        wg.wait();
        Trigger fresh;
        VERIFY(once.call(fresh, [] { VERIFY(false); }));
        VERIFY(!once.call(trigger, [] {}));
    });
}

// With one worker, a wait that has been ended has not come to know it when the same goroutine goes on.
TEST_CASE("a notification, a permit and a lock go to the next when the first has been ended, but is still there") {
    auto body = [] {
        Trigger trigger;
        gofer::Mutex mutex;
        gofer::RWMutex rw;
        gofer::Cond cond;
        gofer::Semaphore semaphore{1};
        gofer::WaitGroup wg;
        rw.lock();
        semaphore.acquire();
        const auto wait = [&](auto... ctx) {
            wg.go([&, ctx...] {
                std::unique_lock lock{mutex};
                static_cast<void>(cond.wait(lock, *ctx...)); // void without a context
            });
            wg.go([&, ctx...] { static_cast<void>(rw.lock(*ctx...)); });
            wg.go([&, ctx...] { static_cast<void>(semaphore.acquire(*ctx...)); });
        };
        wait(&trigger);
        fixture::parked_reaches(3);
        wait();
        fixture::parked_reaches(6);
        trigger.fire();
        cond.notify_one();
        rw.unlock();
        semaphore.release();
        wg.wait();
        VERIFY(!rw.try_lock() && !semaphore.try_acquire());
    };
    fixture::at_workers(1, body);
}

TEST_CASE("one that has been ended at a Barrier, but is still there when the last arrives, has passed") {
    auto body = [] {
        int passed = 0;
        for (int i = 0; i < 20; ++i) {
            Trigger trigger;
            gofer::Barrier barrier{2};
            gofer::WaitGroup wg;
            bool ended_one = false;
            wg.go([&] { ended_one = barrier.arrive_and_wait(trigger); });
            fixture::parked_reaches(1);
            trigger.fire();
            const bool last = barrier.arrive_and_wait_for(20ms);
            wg.wait();
            VERIFY(ended_one == last);
            passed += last;
            VERIFY(!barrier.arrive_and_wait_for(0s));
        }
        VERIFY(passed > 0); // unless a stand-in took over between the two, each time
    };
    fixture::at_workers(1, body);
}

TEST_CASE("contexts race with unlocks, releases and notifications, and nothing is lost") {
    fixture::at_each_worker_count([] {
        for (int round = 0; round < 200; ++round) {
            gofer::RWMutex rw;
            gofer::Semaphore semaphore{1};
            Trigger trigger;
            gofer::WaitGroup wg;
            rw.lock();
            semaphore.acquire();
            wg.go([&] {
                if (rw.lock_shared(trigger)) rw.unlock_shared();
            });
            wg.go([&] {
                if (semaphore.acquire(trigger)) semaphore.release();
            });
            wg.go([&] { trigger.fire(); });
            gofer::yield();
            rw.unlock();
            semaphore.release();
            wg.wait();
            VERIFY(rw.try_lock() && semaphore.try_acquire() && trigger.idle());
        }
    });
}

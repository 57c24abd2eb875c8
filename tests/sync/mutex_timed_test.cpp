// Mutex with a time limit.
#include <chrono>
#include <mutex>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("try_lock_for on a free mutex locks it, whatever the limit") {
    gofer::Mutex mutex;
    for (const std::chrono::nanoseconds limit : {0ns, -1ns, std::chrono::nanoseconds{1h}}) {
        CHECK(mutex.try_lock_for(limit));
        CHECK_FALSE(mutex.try_lock());
        mutex.unlock();
    }
}

TEST_CASE("try_lock_for on a held mutex gives up no earlier than its time") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        std::lock_guard guard{mutex};
        VERIFY(!mutex.try_lock_for(0ms));
        VERIFY(!mutex.try_lock_for(-1s));
        VERIFY(!mutex.try_lock_until(gofer::Clock::now() - 1s));
        const auto start = gofer::Clock::now();
        VERIFY(!mutex.try_lock_for(2ms));
        VERIFY(!mutex.try_lock_until(start + 4ms));
        VERIFY(gofer::Clock::now() - start >= 4ms);
    });
}

TEST_CASE("try_lock_for gets the mutex when it is unlocked in time") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::WaitGroup wg;
        mutex.lock();
        for (int i = 0; i < 3; ++i) {
            wg.go([&] {
                VERIFY(mutex.try_lock_for(std::chrono::hours::max()));
                mutex.unlock();
            });
        }
        fixture::parked_reaches(3);
        mutex.unlock();
        wg.wait();
    });
}

TEST_CASE("one that gave up on a mutex is passed over when it is unlocked") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::WaitGroup gave_up, waits;
        mutex.lock();
        gave_up.go([&] { VERIFY(!mutex.try_lock_for(1ms)); });
        waits.go([&] {
            mutex.lock();
            mutex.unlock();
        });
        gave_up.wait();
        fixture::parked_reaches(1);
        mutex.unlock();
        waits.wait();
        VERIFY(mutex.try_lock());
        mutex.unlock();
    });
}

TEST_CASE("std::unique_lock with a time limit works") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        std::unique_lock first{mutex, 1s};
        VERIFY(first.owns_lock());
        const gofer::Channel<gofer::Unit> gave_up;
        gofer::WaitGroup wg;
        wg.go([&] {
            std::unique_lock second{mutex, 100us};
            VERIFY(!second.owns_lock());
            gave_up.close();
            VERIFY(second.try_lock_until(gofer::Clock::now() + 1h));
        });
        gave_up.receive();
        fixture::parked_reaches(1);
        first.unlock();
        wg.wait();
    });
}

// RWMutex with a time limit, and what one that gave up leaves behind.
#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("timed locks of a free RWMutex succeed, whatever the limit") {
    gofer::RWMutex mutex;
    for (const std::chrono::nanoseconds limit : {0ns, -1ns, std::chrono::nanoseconds{1h}}) {
        CHECK(mutex.try_lock_for(limit));
        mutex.unlock();
        CHECK(mutex.try_lock_shared_for(limit));
        mutex.unlock_shared();
    }
}

TEST_CASE("timed locks of a held RWMutex give up no earlier than their time") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        std::unique_lock lock{mutex};
        VERIFY(!mutex.try_lock_for(-1s) && !mutex.try_lock_shared_for(0s));
        VERIFY(!mutex.try_lock_until(gofer::Clock::now() - 1s));
        VERIFY(!mutex.try_lock_shared_until(gofer::Clock::now() - 1s));
        const auto start = gofer::Clock::now();
        VERIFY(!mutex.try_lock_for(1ms));
        VERIFY(!mutex.try_lock_shared_for(1ms));
        VERIFY(!mutex.try_lock_until(start + 3ms));
        VERIFY(!mutex.try_lock_shared_until(start + 4ms));
        VERIFY(gofer::Clock::now() - start >= 4ms);
    });
}

TEST_CASE("a writer in its time gets the mutex when the last reader leaves") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        gofer::WaitGroup wg;
        mutex.lock_shared();
        wg.go([&] {
            VERIFY(mutex.try_lock_for(std::chrono::hours::max()));
            mutex.unlock();
        });
        wg.go([&] {
            VERIFY(mutex.try_lock_until(gofer::Clock::now() + 1h));
            mutex.unlock();
        });
        fixture::parked_reaches(2);
        mutex.unlock_shared();
        wg.wait();
    });
}

TEST_CASE("readers in their time get the mutex when the writer leaves") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        gofer::WaitGroup wg;
        mutex.lock();
        for (int i = 0; i < 3; ++i) {
            wg.go([&] {
                std::shared_lock lock{mutex, 1h};
                VERIFY(lock.owns_lock());
            });
        }
        fixture::parked_reaches(3);
        mutex.unlock();
        wg.wait();
    });
}

TEST_CASE("a writer that gives up lets in the readers that it held back") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        gofer::WaitGroup wg;
        std::atomic<bool> gave_up{false};
        mutex.lock_shared();
        wg.go([&] {
            VERIFY(!mutex.try_lock_for(20ms));
            gave_up = true;
        });
        fixture::parked_reaches(1, gave_up);
        for (int i = 0; i < 2; ++i) {
            wg.go([&] {
                std::shared_lock lock{mutex};
                VERIFY(mutex.try_lock_shared());
                mutex.unlock_shared();
            });
        }
        wg.wait();
        mutex.unlock_shared();
        VERIFY(mutex.try_lock());
        mutex.unlock();
    });
}

TEST_CASE("one of two writers that gives up still leaves the other to hold readers back") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        gofer::WaitGroup gave_up, stays;
        mutex.lock_shared();
        stays.go([&] {
            mutex.lock();
            mutex.unlock();
        });
        fixture::parked_reaches(1);
        gave_up.go([&] { VERIFY(!mutex.try_lock_for(1ms)); });
        gave_up.wait();
        VERIFY(!mutex.try_lock_shared());
        mutex.unlock_shared();
        stays.wait();
    });
}

TEST_CASE("those that gave up are passed over, and nothing of them stays") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        gofer::WaitGroup gave_up;
        mutex.lock();
        for (int i = 0; i < 4; ++i) {
            gave_up.go([&] { VERIFY(!mutex.try_lock_for(500us)); });
            gave_up.go([&] { VERIFY(!mutex.try_lock_shared_for(500us)); });
        }
        gave_up.wait();
        mutex.unlock();
        VERIFY(mutex.try_lock_shared());
        mutex.unlock_shared();
        VERIFY(mutex.try_lock());
        mutex.unlock();
    });
}

TEST_CASE("deadlines race with unlocks, and the mutex stays whole") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        int guarded = 0, written = 0;
        gofer::WaitGroup wg;
        for (int g = 0; g < 6; ++g) {
            wg.go([&, g] {
                for (int i = 0; i < 150; ++i) {
                    const auto limit = std::chrono::microseconds{(i * 7 + g) % 40};
                    if (g % 2 == 0) {
                        if (!mutex.try_lock_for(limit)) continue;
                        ++guarded;
                        gofer::yield();
                        ++written;
                        mutex.unlock();
                    } else {
                        if (!mutex.try_lock_shared_for(limit)) continue;
                        VERIFY(guarded == written);
                        gofer::yield();
                        mutex.unlock_shared();
                    }
                }
            });
        }
        wg.wait();
        VERIFY(guarded == written);
        VERIFY(mutex.try_lock());
        mutex.unlock();
    });
}

// Semaphore with a time limit, and what one that gave up leaves behind.
#include <atomic>
#include <chrono>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("timed acquires of free permits succeed, whatever the limit") {
    gofer::Semaphore semaphore{2};
    CHECK(semaphore.try_acquire_for(-1s));
    CHECK(semaphore.try_acquire_until(gofer::Clock::now() - 1s));
    semaphore.release(2);
    CHECK(semaphore.try_acquire_for(0s, 2));
}

TEST_CASE("timed acquires give up no earlier than their time, and take nothing") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{2};
        semaphore.acquire();
        const auto start = gofer::Clock::now();
        VERIFY(!semaphore.try_acquire_for(0s, 2) && !semaphore.try_acquire_for(-1s, 2));
        VERIFY(!semaphore.try_acquire_for(1ms, 2));
        VERIFY(!semaphore.try_acquire_until(start + 3ms, 2));
        VERIFY(gofer::Clock::now() - start >= 3ms);
        VERIFY(semaphore.try_acquire());
        semaphore.release(2);
    });
}

TEST_CASE("a timed acquire is served in its time") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{1};
        gofer::WaitGroup wg;
        semaphore.acquire();
        wg.go([&] {
            VERIFY(semaphore.try_acquire_for(std::chrono::hours::max()));
            semaphore.release();
        });
        wg.go([&] {
            VERIFY(semaphore.try_acquire_until(gofer::Clock::now() + 1h));
            semaphore.release();
        });
        fixture::parked_reaches(2);
        semaphore.release();
        wg.wait();
    });
}

TEST_CASE("a big acquire that gives up lets in the small ones behind it") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{3};
        gofer::WaitGroup wg;
        std::atomic<bool> gave_up{false};
        semaphore.acquire(2);
        wg.go([&] {
            VERIFY(!semaphore.try_acquire_for(20ms, 3));
            gave_up = true;
        });
        fixture::parked_reaches(1, gave_up);
        wg.go([&] {
            semaphore.acquire(1);
            semaphore.release(1);
        });
        wg.wait();
        semaphore.release(2);
        VERIFY(semaphore.try_acquire(3));
    });
}

TEST_CASE("deadlines race with releases, and no permit is lost or doubled") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{3};
        std::atomic<std::int64_t> out{0};
        gofer::WaitGroup wg;
        for (std::int64_t g = 0; g < 8; ++g) {
            wg.go([&, k = g % 3 + 1] {
                for (int i = 0; i < 200; ++i) {
                    if (!semaphore.try_acquire_for(std::chrono::microseconds{(i * 5 + k) % 40}, k)) continue;
                    VERIFY((out += k) <= 3);
                    gofer::yield();
                    out -= k;
                    semaphore.release(k);
                }
            });
        }
        wg.wait();
        VERIFY(semaphore.try_acquire(3));
    });
}

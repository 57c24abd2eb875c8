// Mutex: one holder at a time, waiters in turn, any goroutine may unlock.
// After the ideas of golang/go src/sync/mutex_test.go.
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

constinit gofer::Mutex global_mutex;
int guarded_by_global = 0;

/// Locks and unlocks, every third time only when that is possible at once.
void hammer(gofer::Mutex& mutex, int& guarded, int times) {
    for (int i = 0; i < times; ++i) {
        if (i % 3 != 0)
            mutex.lock();
        else if (!mutex.try_lock())
            continue;
        ++guarded;
        --guarded;
        mutex.unlock();
    }
}

} // namespace

TEST_CASE("try_lock fails while the mutex is held and succeeds when it is not") {
    gofer::Mutex mutex;
    mutex.lock();
    CHECK_FALSE(mutex.try_lock());
    mutex.unlock();
    CHECK(mutex.try_lock());
    CHECK_FALSE(mutex.try_lock());
    mutex.unlock();
}

TEST_CASE("a mutex lets one goroutine in at a time") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        int counter = 0;
        std::atomic<int> inside{0};
        gofer::WaitGroup wg;
        for (int g = 0; g < 10; ++g) {
            wg.go([&] {
                for (int i = 0; i < 200; ++i) {
                    std::lock_guard guard{mutex};
                    VERIFY(++inside == 1);
                    ++counter;
                    --inside;
                }
            });
        }
        wg.wait();
        VERIFY(counter == 2000);
    });
}

TEST_CASE("a mutex stays locked while its holder is parked") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        int counter = 0;
        gofer::WaitGroup wg;
        for (int g = 0; g < 8; ++g) {
            wg.go([&] {
                for (int i = 0; i < 20; ++i) {
                    std::lock_guard guard{mutex};
                    const int seen = counter;
                    gofer::yield();
                    counter = seen + 1;
                }
            });
        }
        wg.wait();
        VERIFY(counter == 160);
    });
}

TEST_CASE("ten goroutines that lock and try to lock leave the mutex free") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        int guarded = 0;
        gofer::WaitGroup wg;
        for (int g = 0; g < 10; ++g) wg.go([&] { hammer(mutex, guarded, 300); });
        wg.wait();
        VERIFY(guarded == 0);
        VERIFY(mutex.try_lock());
        mutex.unlock();
    });
}

TEST_CASE("every waiter gets the mutex, whoever unlocks it") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        int served = 0;
        gofer::WaitGroup wg;
        mutex.lock();
        for (int g = 0; g < 20; ++g) {
            wg.go([&] {
                mutex.lock();
                ++served;
                gofer::go([&] { mutex.unlock(); });
            });
        }
        fixture::parked_reaches(20);
        VERIFY(served == 0);
        mutex.unlock();
        wg.wait();
        mutex.lock();
        VERIFY(served == 20);
        mutex.unlock();
    });
}

TEST_CASE("std's lock guards work: lock_guard, unique_lock, scoped_lock of two") {
    fixture::at_each_worker_count([] {
        gofer::Mutex a, b;
        gofer::WaitGroup wg;
        int counter = 0;
        for (int g = 0; g < 4; ++g) {
            wg.go([&, g] {
                for (int i = 0; i < 100; ++i) {
                    if (g % 2 == 0) {
                        std::scoped_lock both{a, b};
                        ++counter;
                    } else {
                        std::scoped_lock both{b, a};
                        ++counter;
                    }
                }
            });
        }
        wg.wait();
        std::unique_lock lock{a, std::try_to_lock};
        VERIFY(lock.owns_lock());
        VERIFY(counter == 400);
    });
}

TEST_CASE("one that holds the mutex most of the time cannot starve another") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        std::atomic<bool> stop{false};
        gofer::WaitGroup greedy;
        greedy.go([&] {
            while (!stop) {
                std::lock_guard guard{mutex};
                gofer::sleep_for(std::chrono::microseconds{100});
            }
        });
        for (int i = 0; i < 10; ++i) {
            gofer::sleep_for(std::chrono::microseconds{100});
            std::lock_guard guard{mutex};
        }
        stop = true;
        greedy.wait();
    });
}

TEST_CASE("a mutex may be destroyed by the one that got it last") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 500; ++i) {
            auto mutex = std::make_unique<gofer::Mutex>();
            mutex->lock();
            gofer::go([m = mutex.get()] { m->unlock(); });
            mutex->lock();
            mutex.reset();
        }
    });
}

TEST_CASE("a global mutex is initialized before any code runs") {
    fixture::at_each_worker_count([] {
        std::lock_guard guard{global_mutex};
        ++guarded_by_global;
        VERIFY(guarded_by_global > 0);
    });
}

TEST_CASE("plain threads and goroutines share a mutex") {
    fixture::on_a_plain_thread([] {
        gofer::Mutex mutex;
        int counter = 0;
        const auto body = [&] {
            for (int i = 0; i < 300; ++i) {
                std::lock_guard guard{mutex};
                ++counter;
            }
        };
        gofer::WaitGroup wg;
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            wg.go(body);
            threads.emplace_back(body);
        }
        for (auto& thread : threads) thread.join();
        wg.wait();
        VERIFY(counter == 1800);
    });
}

// Cond with a time limit: no notification is lost when one races with a deadline.
#include <atomic>
#include <chrono>
#include <mutex>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("wait_for returns timeout no earlier than its time, with the lock") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::Cond cond;
        std::unique_lock lock{mutex};
        const auto start = gofer::Clock::now();
        VERIFY(cond.wait_for(lock, 0s) == std::cv_status::timeout);
        VERIFY(cond.wait_for(lock, -1s) == std::cv_status::timeout);
        VERIFY(cond.wait_for(lock, 1ms) == std::cv_status::timeout);
        VERIFY(cond.wait_until(lock, start + 3ms) == std::cv_status::timeout);
        VERIFY(gofer::Clock::now() - start >= 3ms);
        VERIFY(lock.owns_lock() && !mutex.try_lock());
    });
}

TEST_CASE("a wait of no time still lets others have the lock") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::Cond cond;
        bool done = false;
        gofer::WaitGroup wg;
        std::unique_lock lock{mutex};
        wg.go([&] {
            std::lock_guard guard{mutex};
            done = true;
        });
        while (!done) static_cast<void>(cond.wait_for(lock, 0s));
        lock.unlock();
        wg.wait();
    });
}

TEST_CASE("wait_for returns no_timeout when notified in time") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::Cond cond;
        gofer::WaitGroup wg;
        wg.go([&] {
            std::unique_lock lock{mutex};
            VERIFY(cond.wait_for(lock, std::chrono::hours::max()) == std::cv_status::no_timeout);
        });
        wg.go([&] {
            std::unique_lock lock{mutex};
            VERIFY(cond.wait_until(lock, gofer::Clock::now() + 1h) == std::cv_status::no_timeout);
        });
        fixture::parked_reaches(2);
        cond.notify_all();
        wg.wait();
    });
}

TEST_CASE("timed waits with a predicate return what it was last") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::Cond cond;
        bool open = false;
        const auto opened = [&] { return open; };
        gofer::WaitGroup wg;
        {
            std::unique_lock lock{mutex};
            VERIFY(!cond.wait_for(lock, 200us, opened));
            VERIFY(!cond.wait_until(lock, gofer::Clock::now() + 200us, opened));
            VERIFY(cond.wait_for(lock, -1s, [] { return true; }));
        }
        for (int i = 0; i < 3; ++i) {
            wg.go([&] {
                std::unique_lock lock{mutex};
                VERIFY(cond.wait_for(lock, 1h, opened));
                VERIFY(cond.wait_until(lock, gofer::Clock::now() + 1h, opened));
            });
        }
        fixture::parked_reaches(3);
        {
            std::lock_guard guard{mutex};
            open = true;
        }
        cond.notify_all();
        wg.wait();
    });
}

TEST_CASE("one that gave up waiting is passed over by notify_one") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::Cond cond;
        gofer::WaitGroup gave_up, waits;
        gave_up.go([&] {
            std::unique_lock lock{mutex};
            VERIFY(cond.wait_for(lock, 500us) == std::cv_status::timeout);
        });
        gave_up.wait();
        waits.go([&] {
            std::unique_lock lock{mutex};
            cond.wait(lock);
        });
        fixture::parked_reaches(1);
        cond.notify_one();
        waits.wait();
    });
}

TEST_CASE("no notification is lost when it races with a deadline") {
    fixture::at_each_worker_count([] {
        for (int round = 0; round < 200; ++round) {
            gofer::Mutex mutex;
            gofer::Cond cond;
            int arrived = 0;
            std::atomic<int> notified{0};
            gofer::WaitGroup wg;
            const auto waits = [&](int n) { // the lock is free again only when the waiter is in the list
                return fixture::eventually([&] {
                    std::lock_guard guard{mutex};
                    return arrived == n;
                });
            };
            wg.go([&] {
                std::unique_lock lock{mutex};
                ++arrived;
                const auto limit = std::chrono::microseconds{20 + round % 50};
                if (cond.wait_for(lock, limit) == std::cv_status::no_timeout) ++notified;
            });
            VERIFY(waits(1));
            wg.go([&] {
                std::unique_lock lock{mutex};
                ++arrived;
                cond.wait(lock);
                ++notified;
            });
            VERIFY(waits(2));
            cond.notify_one();
            VERIFY(fixture::eventually([&] { return notified == 1; }));
            cond.notify_all();
            wg.wait();
        }
    });
}

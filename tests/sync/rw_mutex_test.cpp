// RWMutex: readers together, a writer alone, neither starved.
// After the ideas of golang/go src/sync/rwmutex_test.go.
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

constinit gofer::RWMutex global_rw_mutex;

/// Counts 1 for each reader that is inside, and 10,000 for each writer.
struct Activity {
    gofer::RWMutex mutex;
    std::atomic<int> inside{0};

    void read() {
        std::shared_lock lock{mutex};
        const int seen = ++inside;
        VERIFY(seen >= 1 && seen < 10'000);
        gofer::yield();
        --inside;
    }
    void write() {
        std::unique_lock lock{mutex};
        VERIFY((inside += 10'000) == 10'000);
        gofer::yield();
        inside -= 10'000;
    }
};

} // namespace

TEST_CASE("any number of readers hold an RWMutex at the same time") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        gofer::Barrier all_inside{6};
        gofer::WaitGroup wg;
        for (int i = 0; i < 6; ++i) {
            wg.go([&] {
                std::shared_lock lock{mutex};
                all_inside.arrive_and_wait();
            });
        }
        wg.wait();
    });
}

TEST_CASE("readers and writers keep one another out") {
    fixture::at_each_worker_count([] {
        Activity activity;
        gofer::WaitGroup wg;
        for (int g = 0; g < 12; ++g) {
            wg.go([&, writes = g % 4 == 0] {
                for (int i = 0; i < 60; ++i) writes ? activity.write() : activity.read();
            });
        }
        wg.wait();
        VERIFY(activity.inside == 0);
        VERIFY(activity.mutex.try_lock());
        activity.mutex.unlock();
    });
}

TEST_CASE("what a writer wrote is seen by the readers after it, and by the next writer") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        int left = 0, right = 0;
        gofer::WaitGroup wg;
        for (int g = 0; g < 8; ++g) {
            wg.go([&, g] {
                for (int i = 0; i < 300; ++i) {
                    if (g % 2 == 0) {
                        std::unique_lock lock{mutex};
                        ++left;
                        ++right;
                    } else {
                        std::shared_lock lock{mutex};
                        VERIFY(left == right);
                    }
                }
            });
        }
        wg.wait();
        VERIFY(left == 1200 && right == 1200);
    });
}

TEST_CASE("try_lock and try_lock_shared tell who may come in beside whom") {
    gofer::RWMutex mutex;
    CHECK(mutex.try_lock());
    CHECK_FALSE(mutex.try_lock());
    CHECK_FALSE(mutex.try_lock_shared());
    mutex.unlock();
    CHECK(mutex.try_lock_shared());
    CHECK(mutex.try_lock_shared());
    CHECK_FALSE(mutex.try_lock());
    mutex.unlock_shared();
    CHECK_FALSE(mutex.try_lock());
    mutex.unlock_shared();
    CHECK(mutex.try_lock());
    mutex.unlock();
}

TEST_CASE("a waiting writer holds back new readers") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        std::string order;
        gofer::WaitGroup wg;
        mutex.lock_shared();
        wg.go([&] {
            std::unique_lock lock{mutex};
            order += 'w';
        });
        fixture::parked_reaches(1);
        VERIFY(!mutex.try_lock_shared());
        wg.go([&] {
            std::shared_lock lock{mutex};
            VERIFY(order == "w");
        });
        fixture::parked_reaches(2);
        mutex.unlock_shared();
        wg.wait();
    });
}

TEST_CASE("a writer that leaves lets in all readers that wait, before the next writer") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        std::atomic<int> readers{0};
        gofer::WaitGroup wg;
        mutex.lock();
        wg.go([&] {
            std::unique_lock lock{mutex};
            VERIFY(readers == 3);
        });
        fixture::parked_reaches(1);
        for (int i = 0; i < 3; ++i) {
            wg.go([&] {
                std::shared_lock lock{mutex};
                ++readers;
            });
        }
        fixture::parked_reaches(4);
        mutex.unlock();
        wg.wait();
    });
}

TEST_CASE("writers get an RWMutex in the order in which they came") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        std::string order;
        gofer::WaitGroup wg;
        mutex.lock_shared();
        for (char name = 'a'; name <= 'e'; ++name) {
            wg.go([&, name] {
                std::unique_lock lock{mutex};
                order += name;
            });
            fixture::parked_reaches(static_cast<std::size_t>(name - 'a') + 1);
        }
        mutex.unlock_shared();
        wg.wait();
        VERIFY(order == "abcde");
    });
}

TEST_CASE("readers that always overlap do not starve a writer") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        std::atomic<bool> stop{false};
        gofer::WaitGroup wg;
        for (int i = 0; i < 3; ++i) {
            wg.go([&] {
                while (!stop) {
                    std::shared_lock lock{mutex};
                    gofer::sleep_for(200us);
                }
            });
        }
        for (int i = 0; i < 10; ++i) {
            gofer::sleep_for(50us);
            std::unique_lock lock{mutex};
        }
        stop = true;
        wg.wait();
    });
}

TEST_CASE("writers that always queue up do not starve a reader") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        std::atomic<bool> stop{false};
        gofer::WaitGroup wg;
        for (int i = 0; i < 3; ++i) {
            wg.go([&] {
                while (!stop) {
                    std::unique_lock lock{mutex};
                    gofer::sleep_for(100us);
                }
            });
        }
        for (int i = 0; i < 10; ++i) {
            gofer::sleep_for(50us);
            std::shared_lock lock{mutex};
        }
        stop = true;
        wg.wait();
    });
}

TEST_CASE("any goroutine may unlock an RWMutex") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        int served = 0;
        for (int i = 0; i < 20; ++i) {
            mutex.lock();
            ++served;
            gofer::go([&] { mutex.unlock(); });
        }
        mutex.lock_shared();
        VERIFY(served == 20);
        gofer::WaitGroup wg;
        wg.go([&] { mutex.unlock_shared(); });
        mutex.lock();
        mutex.unlock();
        wg.wait();
    });
}

TEST_CASE("an RWMutex may be destroyed by the one that got it last, reader or writer") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 500; ++i) {
            auto mutex = std::make_unique<gofer::RWMutex>();
            mutex->lock();
            gofer::go([m = mutex.get()] { m->unlock(); });
            mutex->lock_shared();
            gofer::go([m = mutex.get()] { m->unlock_shared(); });
            mutex->lock();
            mutex.reset();
        }
    });
}

TEST_CASE("a global RWMutex is initialized before any code runs") {
    std::shared_lock reading{global_rw_mutex};
    std::shared_lock beside{global_rw_mutex};
    CHECK(reading.owns_lock());
}

TEST_CASE("scoped_lock takes an RWMutex and a Mutex together") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex rw;
        gofer::Mutex plain;
        int counter = 0;
        gofer::WaitGroup wg;
        for (int g = 0; g < 4; ++g) {
            wg.go([&, g] {
                for (int i = 0; i < 100; ++i) {
                    if (g % 2 == 0) {
                        std::scoped_lock both{rw, plain};
                        ++counter;
                    } else {
                        std::scoped_lock both{plain, rw};
                        ++counter;
                    }
                }
            });
        }
        wg.wait();
        VERIFY(counter == 400);
    });
}

TEST_CASE("plain threads and goroutines share an RWMutex") {
    fixture::on_a_plain_thread([] {
        gofer::RWMutex mutex;
        int counter = 0;
        const auto body = [&] {
            for (int i = 0; i < 300; ++i) {
                {
                    std::unique_lock lock{mutex};
                    ++counter;
                }
                std::shared_lock lock{mutex};
                VERIFY(counter > 0);
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

TEST_CASE("a writer whose runtime has ended holds back no readers") {
    static gofer::RWMutex m; // who is abandoned refers to it for ever
    auto body = [] {
        m.lock_shared();
        auto options = fixture::with_workers(1);
        options.shutdown_grace = std::chrono::milliseconds{1};
        gofer::Runtime other{options};
        other.run([] {
            gofer::go([] { m.lock(); });
            fixture::parked_reaches(1);
        });
        other.shutdown();
        gofer::WaitGroup readers;
        for (int i = 0; i < 3; ++i)
            readers.go([] {
                m.lock_shared();
                m.unlock_shared();
            });
        readers.wait();
        m.unlock_shared();
        VERIFY(m.try_lock());
        m.unlock();
    };
    for (const unsigned workers : fixture::worker_counts) gofer::run(fixture::with_workers(workers), body);
    fixture::require_no_failures();
}

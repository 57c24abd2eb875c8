// Semaphore: weighted, first come first served.
// After the ideas of golang.org/x/sync semaphore_test.go.
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

constinit gofer::Semaphore global_semaphore{2};

void hammer(gofer::Semaphore& semaphore, std::int64_t k, int times) {
    for (int i = 0; i < times; ++i) {
        semaphore.acquire(k);
        gofer::yield();
        semaphore.release(k);
    }
}

} // namespace

TEST_CASE("goroutines that take and give back leave a semaphore as it was") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{4};
        gofer::WaitGroup wg;
        for (int g = 0; g < 8; ++g) wg.go([&, g] { hammer(semaphore, g % 4 + 1, 100); });
        wg.wait();
        VERIFY(semaphore.try_acquire(4));
        semaphore.release(4);
    });
}

TEST_CASE("never more permits are out than there are") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{3};
        std::atomic<std::int64_t> out{0};
        gofer::WaitGroup wg;
        for (std::int64_t g = 0; g < 9; ++g) {
            wg.go([&, k = g % 3 + 1] {
                for (int i = 0; i < 100; ++i) {
                    semaphore.acquire(k);
                    VERIFY((out += k) <= 3);
                    if (i % 3 == 0) gofer::yield();
                    out -= k;
                    semaphore.release(k);
                }
            });
        }
        wg.wait();
    });
}

TEST_CASE("try_acquire takes what is free and nothing else") {
    gofer::Semaphore semaphore{2};
    CHECK(semaphore.try_acquire());
    CHECK_FALSE(semaphore.try_acquire(2));
    CHECK(semaphore.try_acquire());
    CHECK_FALSE(semaphore.try_acquire());
    CHECK(semaphore.try_acquire(0));
    semaphore.release(2);
    CHECK(semaphore.try_acquire(2));
}

TEST_CASE("permits are handed out in the order of arrival") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{1};
        std::string order;
        gofer::WaitGroup wg;
        semaphore.acquire();
        for (char name = 'a'; name <= 'e'; ++name) {
            wg.go([&, name] {
                semaphore.acquire();
                order += name;
                semaphore.release();
            });
            fixture::parked_reaches(static_cast<std::size_t>(name - 'a') + 1);
        }
        semaphore.release();
        wg.wait();
        VERIFY(order == "abcde");
    });
}

TEST_CASE("small acquires queue up behind a big one that waits") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{3};
        std::atomic<bool> big_done{false};
        gofer::WaitGroup wg;
        semaphore.acquire(2);
        wg.go([&] {
            semaphore.acquire(3);
            big_done = true;
            semaphore.release(3);
        });
        fixture::parked_reaches(1);
        VERIFY(!semaphore.try_acquire());
        wg.go([&] {
            semaphore.acquire();
            VERIFY(big_done);
            semaphore.release();
        });
        fixture::parked_reaches(2);
        semaphore.release();
        gofer::yield();
        VERIFY(!big_done && !semaphore.try_acquire());
        semaphore.release();
        wg.wait();
    });
}

TEST_CASE("a stream of small acquires does not starve a big one") {
    fixture::at_each_worker_count([] {
        constexpr std::int64_t n = 4;
        gofer::Semaphore semaphore{n};
        std::atomic<bool> stop{false};
        gofer::WaitGroup wg;
        for (int g = 0; g < 8; ++g) {
            wg.go([&] {
                while (!stop) {
                    semaphore.acquire();
                    gofer::sleep_for(100us);
                    semaphore.release();
                }
            });
        }
        for (int i = 0; i < 5; ++i) {
            gofer::sleep_for(300us);
            semaphore.acquire(n);
            semaphore.release(n);
        }
        stop = true;
        wg.wait();
    });
}

TEST_CASE("one release serves as many as it is enough for") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{5};
        std::atomic<int> served{0};
        gofer::WaitGroup wg, last;
        semaphore.acquire(5);
        for (int i = 0; i < 2; ++i) {
            wg.go([&] {
                semaphore.acquire(2);
                ++served;
            });
        }
        fixture::parked_reaches(2);
        last.go([&] { semaphore.acquire(2); });
        fixture::parked_reaches(3);
        semaphore.release(5);
        wg.wait();
        VERIFY(served == 2);
        semaphore.release(1);
        last.wait();
        VERIFY(!semaphore.try_acquire());
    });
}

TEST_CASE("releasing more than was acquired throws std::logic_error and changes nothing") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{2};
        VERIFY(fixture::throws<std::logic_error>([&] { semaphore.release(); }));
        semaphore.acquire();
        VERIFY(fixture::throws<std::logic_error>([&] { semaphore.release(2); }));
        VERIFY(semaphore.try_acquire() && !semaphore.try_acquire());
        gofer::WaitGroup wg;
        wg.go([&] { semaphore.acquire(2); });
        fixture::parked_reaches(1);
        VERIFY(fixture::throws<std::logic_error>([&] { semaphore.release(3); }));
        semaphore.release(2);
        wg.wait();
    });
}

TEST_CASE("acquiring more than there are throws, trying to is false, and neither holds up anyone") {
    gofer::Semaphore semaphore{2};
    CHECK_THROWS_AS(semaphore.acquire(3), std::invalid_argument);
    CHECK_FALSE(semaphore.try_acquire(3));
    CHECK_FALSE(semaphore.try_acquire_for(1h, 3));
    CHECK_FALSE(semaphore.try_acquire_until(gofer::Clock::now() + 1h, 3));
    CHECK(semaphore.try_acquire(2));
}

TEST_CASE("a negative number of permits is refused everywhere") {
    gofer::Semaphore semaphore{2};
    CHECK_THROWS_AS(gofer::Semaphore{-1}, std::invalid_argument);
    CHECK_THROWS_AS(semaphore.acquire(-1), std::invalid_argument);
    CHECK_THROWS_AS(semaphore.try_acquire(-1), std::invalid_argument);
    CHECK_THROWS_AS(semaphore.release(-1), std::invalid_argument);
    CHECK(semaphore.try_acquire(2));
}

TEST_CASE("a semaphore of nothing gives nothing") {
    gofer::Semaphore none{0};
    CHECK_FALSE(none.try_acquire());
    CHECK_THROWS_AS(none.acquire(), std::invalid_argument);
    none.acquire(0);
    none.release(0);
}

TEST_CASE("what happened before a release is seen after the acquire that takes its permits") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore semaphore{2};
        int left = 0, right = 0;
        semaphore.acquire(2);
        gofer::go([&] {
            left = 1;
            semaphore.release();
        });
        gofer::go([&] {
            right = 2;
            semaphore.release();
        });
        semaphore.acquire(2);
        VERIFY(left + right == 3);
    });
}

TEST_CASE("a semaphore may be destroyed by the one that got the last permit") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 500; ++i) {
            auto semaphore = std::make_unique<gofer::Semaphore>(1);
            semaphore->acquire();
            gofer::go([s = semaphore.get()] { s->release(); });
            semaphore->acquire();
            semaphore.reset();
        }
    });
}

TEST_CASE("plain threads and goroutines share a semaphore, here a global one") {
    fixture::on_a_plain_thread([] {
        gofer::WaitGroup wg;
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            wg.go([] { hammer(global_semaphore, 2, 100); });
            threads.emplace_back([] { hammer(global_semaphore, 1, 100); });
        }
        for (auto& thread : threads) thread.join();
        wg.wait();
        VERIFY(global_semaphore.try_acquire(2));
        global_semaphore.release(2);
    });
}

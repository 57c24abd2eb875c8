// Plain threads and goroutines together on the same channels, selects, mutexes, wait groups and futures.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/random.hpp"

using fixture::Dice;

namespace {

/// Runs body(number) in so many goroutines and as many plain threads, and waits for all.
template <class Body>
void in_both(unsigned each, Body body) {
    gofer::WaitGroup wg;
    std::vector<std::thread> threads;
    wg.add(static_cast<int>(each));
    for (unsigned i = 0; i < each; ++i) {
        wg.go(body, 2 * i);
        threads.emplace_back([&wg, &body, i] {
            body(2 * i + 1);
            wg.done();
        });
    }
    wg.wait();
    for (auto& thread : threads) thread.join();
}

} // namespace

TEST_CASE("threads and goroutines trade over one channel in both roles and keep the sum") {
    fixture::storm([](std::uint64_t seed) {
        for (const int capacity : {0, 2}) {
            const gofer::Channel<int> c(capacity);
            std::atomic<long> balance{0};
            std::atomic<int> trades{0};
            in_both(3, [&](unsigned number) {
                Dice dice{seed, number};
                for (int i = 0; i < 150; ++i) {
                    const int n = 1 + dice.below(100);
                    const auto sent = [&] {
                        balance += n;
                        ++trades;
                    };
                    gofer::select(gofer::send(c, n, sent),
                                  gofer::recv(c, [&](std::optional<int> v) { balance -= *v; }),
                                  gofer::timeout(std::chrono::microseconds{dice.below(300)}));
                }
            });
            c.close();
            for (int left : c) balance -= left;
            VERIFY(balance == 0);
            VERIFY(trades > 0);
        }
    });
}

TEST_CASE("threads and goroutines contend for one mutex") {
    fixture::storm([](std::uint64_t seed) {
        gofer::Mutex mutex;
        int counter = 0;
        in_both(3, [&](unsigned number) {
            Dice dice{seed, number};
            for (int i = 0; i < 100;) {
                std::unique_lock lock{mutex, std::defer_lock};
                if (dice.one_in(3)) {
                    if (!lock.try_lock_for(std::chrono::microseconds{dice.below(50)})) continue;
                } else {
                    lock.lock();
                }
                ++counter;
                ++i;
                if (dice.one_in(10)) gofer::yield();
            }
        });
        VERIFY(counter == 600);
    });
}

TEST_CASE("threads and goroutines wait for each other's wait groups and futures") {
    fixture::storm([](std::uint64_t seed) {
        for (int round = 0; round < 10; ++round) {
            gofer::WaitGroup arrivals;
            gofer::Promise<int> start;
            auto started = start.future();
            std::atomic<int> passed{0};
            arrivals.add(4);
            gofer::go([&] {
                arrivals.wait();
                start.set_value(round);
            });
            in_both(2, [&](unsigned number) {
                if (Dice{seed, number}.one_in(2)) gofer::yield();
                arrivals.done();
                arrivals.wait();
                started.wait();
                ++passed;
            });
            VERIFY(passed == 4);
            VERIFY(started.get() == round);
        }
    });
}

TEST_CASE("threads that come and go feed a runtime's goroutines without losing a value") {
    fixture::storm([](std::uint64_t seed) {
        const gofer::Channel<int> c(1);
        gofer::WaitGroup wg;
        std::atomic<long> sum{0};
        for (int g = 0; g < 4; ++g) {
            wg.go([&] {
                for (int v : c) sum += v;
            });
        }
        Dice dice{seed, 0};
        long expected = 0;
        for (int t = 0; t < 10; ++t) {
            const int n = 1 + dice.below(50);
            expected += long{n} * (n + 1) / 2;
            gofer::WaitGroup sent;
            sent.add();
            std::thread sender{[&sent, c, n] {
                for (int i = 1; i <= n; ++i) c.send(i);
                sent.done();
            }};
            sent.wait();
            sender.join();
        }
        c.close();
        wg.wait();
        VERIFY(sum == expected);
    });
}

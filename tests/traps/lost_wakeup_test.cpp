// No wake-up is lost: work from outside reaches workers that are just going to sleep, thousands of times over. What is
// lost would only come when something else wakes a worker, so each round waits for its work alone, with a watchdog.
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/disturbance.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

// Only a lost wake-up takes that long.
constexpr auto watchdog = 20s;

/// Pauses of every length around what a worker needs to fall asleep.
class Pauses {
public:
    void take() {
        const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds{random_() % 400};
        if (random_() % 8 == 0) return std::this_thread::sleep_for(3ms);
        while (std::chrono::steady_clock::now() < until) {
        }
    }

private:
    std::minstd_rand random_{12345};
};

template <class Round>
void rounds_of(unsigned workers, int count, Round round) {
    const fixture::LeakProof proof;
    const fixture::Disturbance disturbance;
    gofer::Runtime runtime{fixture::with_workers(workers)};
    Pauses pauses;
    int lost = 0;
    for (int i = 0; i < count && lost == 0; ++i) {
        lost += !round(runtime);
        pauses.take();
    }
    CHECK(lost == 0);
    runtime.shutdown();
}

} // namespace

TEST_CASE("a goroutine started by a plain thread runs, however sleepy the workers") {
    for (const unsigned workers : fixture::worker_counts)
        rounds_of(workers, 1500, [](gofer::Runtime& runtime) {
            const auto ran = std::make_shared<gofer::Promise<void>>();
            const gofer::Future<void> future = ran->future();
            runtime.go([ran] { ran->set_value(); });
            return future.wait_for(watchdog);
        });
}

TEST_CASE("a goroutine woken by a plain thread runs, however sleepy the workers") {
    for (const unsigned workers : fixture::worker_counts) {
        const gofer::Channel<int> there, back(1);
        rounds_of(workers, 1500, [&](gofer::Runtime& runtime) {
            runtime.go([there, back] { back.send(there.receive().value()); });
            there.send(1);
            return back.receive_for(watchdog).has_value();
        });
    }
}

// A goroutine that starts another one and computes on: the other one is for a worker that is just falling asleep.
TEST_CASE("a goroutine started by one that computes on is taken by another worker") {
    for (const unsigned workers : {2U, 4U, 16U})
        rounds_of(workers, 400, [](gofer::Runtime& runtime) {
            return runtime.run([] {
                std::atomic<bool> ran{false};
                gofer::WaitGroup wg;
                wg.go([&ran] { ran = true; });
                const auto limit = std::chrono::steady_clock::now() + watchdog;
                while (!ran && std::chrono::steady_clock::now() < limit) {
                }
                wg.wait();
                return std::chrono::steady_clock::now() < limit;
            });
        });
}

TEST_CASE("a sleep ends, however sleepy the workers") {
    for (const unsigned workers : fixture::worker_counts)
        rounds_of(workers, 300, [](gofer::Runtime& runtime) {
            const auto slept = std::make_shared<gofer::Promise<void>>();
            const gofer::Future<void> future = slept->future();
            runtime.go([slept] {
                gofer::sleep_for(150us);
                slept->set_value();
            });
            return future.wait_for(watchdog);
        });
}

TEST_CASE("many threads start goroutines at idle workers, and all of them run") {
    for (const unsigned workers : fixture::worker_counts) {
        gofer::Runtime runtime{fixture::with_workers(workers)};
        std::atomic<int> lost{0};
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 300; ++i) {
                    gofer::WaitGroup wg;
                    wg.add(1);
                    runtime.go([&wg] { wg.done(); });
                    if (!wg.wait_for(watchdog)) {
                        ++lost;
                        wg.wait();
                    }
                }
            });
        for (auto& thread : threads) thread.join();
        CHECK(lost == 0);
    }
}

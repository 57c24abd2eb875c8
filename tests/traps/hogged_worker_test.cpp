// A worker that is stuck in one goroutine loses what waits behind it to another worker: the goroutine that was made
// ready last, the queue, and the timers.
#include <atomic>
#include <chrono>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/hop.hpp"

using namespace std::chrono_literals;

namespace {

/// Computes until `done`, or for a time that only a defect takes; true if it was in time.
bool compute_until(const std::atomic<int>& done, int wanted) {
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (done < wanted)
        if (std::chrono::steady_clock::now() > limit) return false;
    return true;
}

/// Runs body(done) as main goroutine at some worker counts; it computes, and the others count themselves done.
template <class Body>
void with_other_workers(Body body) {
    for (const unsigned workers : {2U, 4U, 16U}) {
        auto main = [&body] {
            std::atomic<int> done{0};
            body(done);
        };
        fixture::at_workers(workers, main);
    }
}

} // namespace

TEST_CASE("a goroutine made ready by one that computes on is taken by another worker") {
    with_other_workers([](std::atomic<int>& done) {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        for (int i = 1; i <= 20; ++i) {
            wg.go([&done, c] {
                c.receive();
                ++done;
            });
            fixture::parked_reaches(1);
            c.send(1);
            VERIFY(compute_until(done, i));
        }
        wg.wait();
    });
}

TEST_CASE("goroutines queued behind one that computes on are taken by another worker") {
    with_other_workers([](std::atomic<int>& done) {
        gofer::WaitGroup wg;
        for (int i = 0; i < 500; ++i) wg.go([&done] { ++done; });
        VERIFY(compute_until(done, 500));
        wg.wait();
    });
}

// The timer is certainly the stuck worker's own, and the other workers have long fallen asleep when it is due.
TEST_CASE("timers of a worker that is stuck fire on another one") {
    with_other_workers([](std::atomic<int>& done) {
        for (int here = 0; here < 5;) {
            const int before = done;
            std::atomic<pid_t> sleeps_on{0};
            gofer::WaitGroup wg;
            wg.go([&] {
                sleeps_on = fixture::thread_now();
                gofer::sleep_for(20ms);
                ++done;
            });
            while (sleeps_on == 0) gofer::yield();
            here += sleeps_on == fixture::thread_now();
            VERIFY(compute_until(done, before + 1));
            wg.wait();
        }
    });
}

TEST_CASE("work from outside is taken while a worker is stuck") {
    with_other_workers([](std::atomic<int>& done) {
        gofer::WaitGroup wg;
        gofer::Runtime& runtime = gofer::Runtime::current();
        wg.add(20);
        std::thread outside{[&] {
            for (int i = 0; i < 20; ++i)
                runtime.go([&] {
                    ++done;
                    wg.done();
                });
        }};
        VERIFY(compute_until(done, 20));
        wg.wait();
        outside.join();
    });
}

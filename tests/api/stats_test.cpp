// Runtime::stats: each counter means what its name says.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include <gofer/gofer.hpp>

#include "support/catch.hpp"
#include "support/fixture.hpp"

namespace {

using namespace std::chrono_literals;

gofer::RuntimeStats stats() {
    return gofer::Runtime::current().stats();
}

/// On one worker, where nothing moves beside the caller. Beyond that a stand-in may come when the system is slow.
template <class Body>
void on_one_worker(Body body) {
    fixture::at_workers(1, body);
}

} // namespace

TEST_CASE("stats has every counter that is promised") {
    const gofer::RuntimeStats s{};
    for (const auto value : {s.goroutines, s.goroutines_started, s.parked, s.runnable, s.workers, s.steals, s.parks,
                             s.wakeups, s.stacks, s.stack_bytes})
        CHECK(value == 0);
}

TEST_CASE("stats counts goroutines from their start to their end, whether they run, park or wait to run") {
    fixture::at_each_worker_count([] {
        gofer::Channel<int> c;
        gofer::WaitGroup wg;
        VERIFY(stats().goroutines == 1);
        for (int i = 0; i < 20; ++i) wg.go([c] { c.receive(); });
        VERIFY(stats().goroutines == 21);
        if (!fixture::parked_reaches(20)) return c.close();
        VERIFY(stats().goroutines == 21);
        c.close();
        wg.wait();
        VERIFY(fixture::eventually([] { return stats().goroutines == 1; }));
    });
}

TEST_CASE("stats counts every goroutine that was started, also those that have ended") {
    fixture::at_each_worker_count([] {
        const auto before = stats().goroutines_started;
        gofer::WaitGroup wg;
        for (int i = 0; i < 50; ++i) wg.go([] {});
        std::thread{[&wg, &runtime = gofer::Runtime::current()] {
            for (int i = 0; i < 7; ++i) {
                wg.add();
                runtime.go([&wg] { wg.done(); });
            }
        }}.join();
        wg.wait();
        VERIFY(stats().goroutines_started == before + 57);
    });
}

TEST_CASE("stats counts who is parked at the moment") {
    fixture::at_each_worker_count([] {
        gofer::Channel<int> c;
        gofer::WaitGroup wg;
        VERIFY(stats().parked == 0);
        for (int i = 0; i < 5; ++i) wg.go([c] { c.receive(); });
        if (!fixture::parked_reaches(5)) return c.close();
        VERIFY(stats().parked == 5);
        c.send(1);
        VERIFY(fixture::eventually([] { return stats().parked == 4; }));
        c.close();
        wg.wait();
        VERIFY(stats().parked == 0);
    });
}

TEST_CASE("stats counts as runnable who was woken and has not gone on") {
    std::uint64_t most = 0;
    on_one_worker([&most] {
        for (int attempt = 0; attempt < 1000 && most < 3; ++attempt) { // a stand-in may have been faster
            gofer::Channel<int> c;
            gofer::WaitGroup wg;
            for (int i = 0; i < 3; ++i) wg.go([c] { c.receive(); });
            const bool parked = fixture::parked_reaches(3);
            VERIFY(stats().runnable == 0);
            c.close();
            most = std::max(most, stats().runnable);
            VERIFY(stats().parked == 0);
            wg.wait();
            if (!parked) return;
        }
    });
    CHECK(most == 3);
}

TEST_CASE("stats counts as runnable who stands in the queue of a worker that computes") {
    std::uint64_t most = 0;
    on_one_worker([&most] {
        gofer::WaitGroup wg;
        for (int attempt = 0; attempt < 1000 && most < 10; ++attempt) {
            for (int i = 0; i < 10; ++i) wg.go([] {});
            most = std::max(most, stats().runnable);
            wg.wait();
        }
    });
    CHECK(most == 10);
}

TEST_CASE("stats counts the workers that were asked for") {
    for (const unsigned workers : fixture::worker_counts)
        CHECK(gofer::run(fixture::with_workers(workers), [] { return stats().workers; }) == workers);
}

TEST_CASE("stats counts goroutines that one worker takes from another") {
    std::uint64_t one = 1;
    gofer::run(fixture::with_workers(2), [&one] {
        one = stats().steals;
        gofer::WaitGroup wg;
        std::atomic<bool> enough{false};
        for (int i = 0; i < 64; ++i)
            wg.go([&enough] {
                while (!enough) std::this_thread::yield();
            });
        VERIFY(fixture::eventually([] { return stats().steals > 0; }));
        enough = true;
        wg.wait();
    });
    fixture::require_no_failures();
    CHECK(one == 0);
}

TEST_CASE("stats counts each call that parked its goroutine, and no call that did not") {
    fixture::at_each_worker_count([] {
        gofer::Channel<int> full(1), none;
        gofer::Mutex m;
        auto [ctx, cancel] = gofer::with_cancel(gofer::Context::background());
        gofer::WaitGroup wg;
        const auto before = stats().parks;
        full.send(1); // none of these has to wait
        full.receive();
        m.lock();
        m.unlock();
        VERIFY(!none.try_receive().has_value());
        gofer::yield();
        VERIFY(stats().parks == before);
        wg.go([&cancel = cancel] { // does not park itself
            fixture::parked_reaches(1);
            cancel();
        });
        VERIFY(!gofer::sleep_for(ctx, 1h)); // a short sleep may be over before it parks
        VERIFY(stats().parks == before + 1);
        gofer::blocking([] {});
        VERIFY(stats().parks == before + 2);
        wg.wait();
    });
}

TEST_CASE("stats counts workers that were woken from their sleep") {
    gofer::Runtime runtime(fixture::with_workers(1));
    gofer::WaitGroup wg;
    for (int i = 0; i < 3; ++i) {
        const auto before = runtime.stats().wakeups;
        VERIFY(fixture::eventually([&] { // it may have fallen asleep already, or be about to
            wg.add();
            runtime.go([&wg] { wg.done(); });
            wg.wait();
            std::this_thread::yield();
            return runtime.stats().wakeups > before;
        }));
    }
    fixture::require_no_failures();
}

TEST_CASE("stats counts the stacks of the process, and the bytes reserved for them") {
    bool first = true; // later the stacks come out of the pool
    fixture::at_each_worker_count([&first] {
        const std::size_t size = std::size_t{32} << 20; // of no other test
        const auto before = stats();
        VERIFY(before.stacks > 0);
        VERIFY(before.stack_bytes >= before.stacks * 16 * 1024);
        gofer::WaitGroup wg;
        gofer::Channel<int> c;
        for (int i = 0; i < 3; ++i) wg.go({.stack_size = size}, [c] { c.receive(); });
        if (!fixture::parked_reaches(3)) return c.close();
        const auto during = stats();
        c.close();
        wg.wait();
        const auto after = stats();
        VERIFY(!first || during.stacks >= before.stacks + 3);
        VERIFY(!first || during.stack_bytes >= before.stack_bytes + 3 * size);
        first = false;
        VERIFY(after.stacks >= during.stacks); // pooled, not given back
        VERIFY(after.stack_bytes >= during.stack_bytes);
    });
}

TEST_CASE("stats are of one runtime, but for the stacks") {
    fixture::at_each_worker_count([] {
        gofer::Channel<int> c;
        gofer::WaitGroup wg;
        for (int i = 0; i < 4; ++i) wg.go([c] { c.receive(); });
        if (!fixture::parked_reaches(4)) return c.close();
        const auto outer = stats();
        gofer::run(fixture::with_workers(2), [&outer] {
            const auto inner = stats();
            VERIFY(inner.goroutines == 1);
            VERIFY(inner.goroutines_started == 1);
            VERIFY(inner.parked == 0);
            VERIFY(inner.workers == 2);
            VERIFY(inner.stacks >= outer.stacks);
        });
        c.close();
        wg.wait();
    });
}

TEST_CASE("stats can be read from any thread while everything moves") {
    fixture::at_each_worker_count([] {
        std::atomic<bool> stop{false};
        auto& runtime = gofer::Runtime::current();
        std::thread reader([&] {
            while (!stop) {
                const auto s = runtime.stats();
                VERIFY(s.goroutines <= s.goroutines_started);
            }
        });
        for (int round = 0; round < 20; ++round) {
            gofer::WaitGroup wg;
            for (int i = 0; i < 50; ++i) wg.go([] { gofer::yield(); });
            wg.wait();
        }
        stop = true;
        gofer::blocking([&reader] { reader.join(); });
    });
}

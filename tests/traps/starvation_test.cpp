// Everyone ready gets a turn, on one worker: neither a pair that wakes each other, nor one that yields, nor one that
// spawns without end, keeps a third from running.
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

/// Keeps the one worker busy, in its way, until `over`; `turns` counts how often.
using Busy = std::function<void(std::atomic<bool>& over, std::atomic<long>& turns, gofer::WaitGroup& wg)>;

void ping_pong(std::atomic<bool>& over, std::atomic<long>& turns, gofer::WaitGroup& wg) {
    const gofer::Channel<int> ping, pong;
    wg.go([&over, &turns, ping, pong] {
        while (!over) {
            ping.send(1);
            pong.receive();
            ++turns;
        }
        ping.close();
    });
    wg.go([ping, pong] {
        for (int v : ping) pong.send(v);
    });
}

void yields(std::atomic<bool>& over, std::atomic<long>& turns, gofer::WaitGroup& wg) {
    for (int i = 0; i < 2; ++i)
        wg.go([&over, &turns] {
            while (!over) {
                gofer::yield();
                ++turns;
            }
        });
}

void spawns(std::atomic<bool>& over, std::atomic<long>& turns, gofer::WaitGroup& wg) {
    wg.go([&] {
        if (over) return;
        ++turns;
        spawns(over, turns, wg);
    });
}

/// Runs `third` beside the busy ones on one worker, and waits until it has had its turn.
void beside(const Busy& busy, const std::function<void(gofer::WaitGroup&)>& third) {
    const fixture::LeakProof proof;
    gofer::run(fixture::with_workers(1), [&] {
        std::atomic<bool> over{false};
        std::atomic<long> turns{0};
        gofer::WaitGroup busy_ones, waited_for;
        busy(over, turns, busy_ones);
        while (turns < 1000) gofer::yield();
        third(waited_for);
        VERIFY(waited_for.wait_for(60s));
        over = true;
        busy_ones.wait();
        waited_for.wait();
    });
    fixture::require_no_failures();
    proof.require_clean();
}

void beside_each(const std::function<void(gofer::WaitGroup&)>& third) {
    for (const Busy& busy : {Busy{ping_pong}, Busy{yields}, Busy{spawns}}) beside(busy, third);
}

} // namespace

TEST_CASE("a fresh goroutine gets its turn beside busy ones") {
    beside_each([](gofer::WaitGroup& wg) { wg.go([] {}); });
}

TEST_CASE("a goroutine that yields gets its turns beside busy ones") {
    beside_each([](gofer::WaitGroup& wg) {
        wg.go([] {
            for (int i = 0; i < 100; ++i) gofer::yield();
        });
    });
}

TEST_CASE("a goroutine that sleeps wakes up beside busy ones") {
    beside_each([](gofer::WaitGroup& wg) {
        for (int i = 0; i < 5; ++i) wg.go([] { gofer::sleep_for(1ms); });
    });
}

TEST_CASE("a goroutine that a plain thread starts gets its turn beside busy ones") {
    beside_each([](gofer::WaitGroup& wg) {
        gofer::Runtime& runtime = gofer::Runtime::current();
        wg.add(1);
        std::thread{[&runtime, &wg] { runtime.go([&wg] { wg.done(); }); }}.detach();
    });
}

TEST_CASE("a goroutine that a plain thread wakes gets its turn beside busy ones") {
    beside_each([](gofer::WaitGroup& wg) {
        const gofer::Channel<int> c;
        wg.go([c] { c.receive(); });
        std::thread{[c] { c.send(1); }}.detach();
    });
}

TEST_CASE("a thousand goroutines that are released at once all get their turn beside busy ones") {
    beside_each([](gofer::WaitGroup& wg) {
        const gofer::Channel<int> gate;
        for (int i = 0; i < 1000; ++i) wg.go([gate] { gate.receive(); });
        gate.close();
    });
}

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

/// One that starts `fresh` goroutines at a time and waits for them, after so many turns.
Busy forks_and_joins(int fresh, int turns_before) {
    return [=](std::atomic<bool>& over, std::atomic<long>& turns, gofer::WaitGroup& wg) {
        for (int i = 0; i < turns_before; ++i) gofer::yield();
        wg.go([&over, &turns, fresh] {
            const gofer::Channel<int> c;
            while (!over) {
                for (int i = 0; i < fresh; ++i) gofer::go([c] { c.send(1); });
                for (int i = 0; i < fresh; ++i) c.receive();
                ++turns;
            }
        });
    };
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
    for (const int fresh : {1, 3})
        for (const int turns_before : {0, 1}) beside(forks_and_joins(fresh, turns_before), third);
}

void started_by_a_plain_thread(gofer::WaitGroup& wg) {
    gofer::Runtime& runtime = gofer::Runtime::current();
    wg.add(1);
    std::thread{[&runtime, &wg] { runtime.go([&wg] { wg.done(); }); }}.detach();
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
    beside_each(started_by_a_plain_thread);
}

TEST_CASE("a goroutine that a plain thread wakes gets its turn beside busy ones") {
    beside_each([](gofer::WaitGroup& wg) {
        const gofer::Channel<int> c;
        wg.go([c] { c.receive(); });
        std::thread{[c] { c.send(1); }}.detach();
    });
}

TEST_CASE("a crowd of goroutines that are released at once all get their turn beside busy ones") {
    constexpr int crowd = gofer::base::tsan_build ? 100 : 1000; // each turn of theirs is after many of the busy ones
    beside_each([](gofer::WaitGroup& wg) {
        const gofer::Channel<int> gate;
        for (int i = 0; i < crowd; ++i) wg.go([gate] { gate.receive(); });
        gate.close();
    });
}

namespace {

/// Each starts the next one and parks, until `turn` comes. There is an end to them, for those who are parked keep their
/// stacks; each takes some time, so that this is after dozens of milliseconds.
void start_and_park(std::atomic<bool>& turn, int left, const gofer::Channel<int>& gate, gofer::WaitGroup& wg) {
    wg.go([&turn, left, gate, &wg] {
        if (turn || left == 0) {
            VERIFY(turn);
            gate.close();
            return;
        }
        start_and_park(turn, left - 1, gate, wg);
        const auto over = std::chrono::steady_clock::now() + 5us;
        while (std::chrono::steady_clock::now() < over) {
        }
        gate.receive();
    });
}

/// Runs `third` beside such a row on one worker; it sets `turn` when it has had its turn. What it gets must not depend
/// on the number of turns that came before the row.
void beside_a_row(const std::function<void(std::atomic<bool>& turn, gofer::WaitGroup& wg)>& third) {
    for (int yields = 0; yields < 4; ++yields) {
        auto main = [&third, yields] {
            std::atomic<bool> turn{false};
            const gofer::Channel<int> gate;
            gofer::WaitGroup wg;
            third(turn, wg);
            for (int i = 0; i < yields; ++i) gofer::yield();
            start_and_park(turn, 10'000, gate, wg);
            wg.wait();
        };
        fixture::at_workers(1, main);
    }
}

void yields_while_pinned(std::atomic<bool>& over, std::atomic<long>& turns, gofer::WaitGroup& wg) {
    wg.go([&over, &turns] {
        const gofer::this_goroutine::Pin pin;
        while (!over) {
            gofer::yield();
            ++turns;
        }
    });
}

/// The one worker is held, so whoever runs beside that is on a stand-in.
void yields_while_pinned_to_a_stand_in(std::atomic<bool>& over, std::atomic<long>& turns, gofer::WaitGroup& wg) {
    std::atomic<bool> held{false};
    wg.go([&over, &held] {
        held = true;
        while (!over) {
        }
    });
    while (!held) gofer::yield();
    yields_while_pinned(over, turns, wg);
}

} // namespace

TEST_CASE("a goroutine that sleeps wakes up beside those that each start the next one and park") {
    beside_a_row([](std::atomic<bool>& turn, gofer::WaitGroup& wg) {
        wg.go([&turn] {
            gofer::sleep_for(100us);
            turn = true;
        });
        fixture::parked_reaches(1, turn);
    });
}

TEST_CASE("a goroutine that a plain thread starts gets its turn beside those that each start the next one and park") {
    beside_a_row([](std::atomic<bool>& turn, gofer::WaitGroup& wg) {
        gofer::Runtime& runtime = gofer::Runtime::current();
        wg.add(1);
        std::thread{[&runtime, &turn, &wg] {
            runtime.go([&turn, &wg] {
                turn = true;
                wg.done();
            });
        }}.join(); // while that holds the worker
    });
}

TEST_CASE("a goroutine that yields gets its turns beside those that each start the next one and park") {
    beside_a_row([](std::atomic<bool>& turn, gofer::WaitGroup& wg) {
        wg.go([&turn] {
            for (int i = 0; i < 20; ++i) gofer::yield();
            turn = true;
        });
    });
}

TEST_CASE("a goroutine that a plain thread starts gets its turn beside one that yields while it is pinned") {
    beside(yields_while_pinned, started_by_a_plain_thread);
}

TEST_CASE("one that a plain thread starts gets its turn beside one that yields while it is pinned to a stand-in") {
    beside(yields_while_pinned_to_a_stand_in, started_by_a_plain_thread);
}

// What its timers start must not lie in its own queue, at which nobody looks who has work.
TEST_CASE("what the timers of a stand-in that rests start gets its turn while the worker is busy") {
    fixture::on_a_plain_thread([] {
        gofer::Runtime runtime{fixture::with_workers(1)};
        std::atomic<bool> held{false}, armed{false}, free{false}, over{false}, called{false}, cancelled{false};
        runtime.go([&] {
            held = true;
            while (!armed) {
            }
            free = true;
        });
        VERIFY(fixture::eventually([&] { return held.load(); }));
        runtime.go([&] { // on a stand-in
            gofer::after_func(300ms, [&called] { called = true; });
            gofer::go([&cancelled, timed = gofer::with_timeout(gofer::Context::background(), 300ms)] {
                timed.ctx.done().receive();
                cancelled = true;
            });
            armed = true;
        });
        VERIFY(fixture::eventually([&] { return free.load(); }));
        for (int i = 0; i < 2; ++i)
            runtime.go([&over] {
                while (!over) gofer::yield();
            });
        VERIFY(fixture::eventually([&] { return called && cancelled; }));
        over = true;
        runtime.shutdown();
    });
}

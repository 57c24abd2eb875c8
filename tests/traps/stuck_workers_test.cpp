// When every worker is stuck in a goroutine that does not park, stand-ins take over what waits behind them: timers
// fire, channels flow, goroutines start. They rest when the stuck are back, and are no obstacle to any end.
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <unistd.h>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

/// Ways to hold a worker until `over`.
void compute_until(const std::atomic<bool>& over) {
    while (!over.load(std::memory_order_relaxed)) {
    }
}
void sleep_until(const std::atomic<bool>& over) {
    while (!over.load(std::memory_order_relaxed)) ::usleep(500);
}
using Hold = void (*)(const std::atomic<bool>&);

/// Runs body(over) at some worker counts while every worker is held; it sets `over` when it has seen what it wants.
template <class Body>
void while_all_are_held(Body body) {
    for (const Hold hold : {&compute_until, &sleep_until})
        for (const unsigned workers : {1U, 2U, 4U}) {
            auto main = [&body, hold, workers] {
                std::atomic<bool> over{false};
                std::atomic<unsigned> held{0};
                gofer::WaitGroup holders;
                for (unsigned i = 0; i < workers; ++i)
                    holders.go([&] {
                        ++held;
                        hold(over);
                    });
                gofer::sleep_for(1ms); // ends although all workers may be held by then
                body(over, held);
                over = true;
                holders.wait();
            };
            fixture::at_workers(workers, main);
        }
}

unsigned threads_of_current_runtime() {
    return gofer::sched::this_worker()->scheduler->threads.load();
}

} // namespace

TEST_CASE("a sleep ends while every worker is held") {
    while_all_are_held([](std::atomic<bool>&, auto&) { gofer::sleep_for(5ms); });
}

TEST_CASE("channels flow while every worker is held") {
    while_all_are_held([](std::atomic<bool>&, auto&) {
        const gofer::Channel<int> there, back;
        gofer::WaitGroup wg;
        wg.go([there, back] {
            for (int v : there) back.send(v + 1);
        });
        for (int i = 0; i < 1000; ++i) {
            there.send(i);
            VERIFY(back.receive() == i + 1);
        }
        there.close();
        wg.wait();
    });
}

TEST_CASE("fresh goroutines start while every worker is held, also from outside") {
    while_all_are_held([](std::atomic<bool>&, auto&) {
        gofer::WaitGroup wg;
        for (int i = 0; i < 100; ++i) wg.go([] { gofer::yield(); });
        gofer::Runtime& runtime = gofer::Runtime::current();
        wg.add(1);
        std::thread outside{[&] { runtime.go([&wg] { wg.done(); }); }};
        wg.wait();
        outside.join();
    });
}

TEST_CASE("one that holds its worker makes others ready, and they run") {
    while_all_are_held([](std::atomic<bool>&, auto&) {
        const gofer::Channel<int> c;
        std::atomic<bool> received{false};
        gofer::WaitGroup wg;
        wg.go([&] {
            c.receive();
            received = true;
        });
        wg.go([&] {
            c.send(1);
            compute_until(received);
        });
        wg.wait();
    });
}

TEST_CASE("more goroutines hold their workers than there are workers, and others run beside them") {
    while_all_are_held([](std::atomic<bool>& over, std::atomic<unsigned>& held) {
        gofer::WaitGroup more;
        const unsigned before = held;
        for (int i = 0; i < 6; ++i)
            more.go([&] {
                ++held;
                compute_until(over);
            });
        while (held < before + 6) gofer::sleep_for(1ms);
        over = true;
        more.wait();
    });
}

TEST_CASE("stand-ins are bounded, and those for whom there is none wait") {
    auto main = [] {
        constexpr unsigned bound = 1 + gofer::sched::Roster::stand_ins_of(1);
        std::atomic<bool> over{false};
        std::atomic<unsigned> held{0}, most{0};
        gofer::WaitGroup wg;
        for (unsigned i = 0; i < bound + 20; ++i)
            wg.go([&] {
                const unsigned now = ++held;
                for (unsigned seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                }
                sleep_until(over);
                --held;
            });
        std::thread outside{[&] {
            std::this_thread::sleep_for(3s);
            over = true;
        }};
        wg.wait();
        outside.join();
        VERIFY(most <= bound);
        VERIFY(threads_of_current_runtime() <= bound);
    };
    fixture::at_workers(1, main);
}

TEST_CASE("stats say how often a stand-in was called") {
    auto main = [] {
        gofer::WaitGroup wg;
        std::atomic<bool> begun{false}, over{false};
        wg.go([&] {
            begun = true;
            compute_until(over);
        });
        while (!begun) gofer::sleep_for(1ms); // and who computes then has the only worker
        over = true;
        wg.wait();
        VERIFY(gofer::Runtime::current().stats().rescues > 0);
        VERIFY(gofer::Runtime::current().stats().workers == 1);
    };
    fixture::at_workers(1, main);
}

TEST_CASE("the threads of stand-ins end when they have rested for some time, and others begin when needed again") {
    auto main = [] {
        for (int round = 0; round < 2; ++round) {
            std::atomic<bool> over{false};
            gofer::WaitGroup wg;
            for (int i = 0; i < 3; ++i) wg.go([&over] { compute_until(over); });
            // Not one sleep: on a machine under load it may be over before the first of them holds the worker.
            VERIFY(fixture::eventually([] {
                gofer::sleep_for(1ms);
                return threads_of_current_runtime() > 1;
            }));
            over = true;
            wg.wait();
            VERIFY(fixture::eventually([] {
                gofer::sleep_for(10ms);
                return threads_of_current_runtime() == 1;
            }));
        }
    };
    fixture::at_workers(1, main);
}

// Where a stand-in rests, timers that were armed on it are still to fire.
TEST_CASE("sleeps that began on a stand-in end when it rests") {
    auto main = [] {
        std::atomic<bool> over{false};
        gofer::WaitGroup holder, sleepers;
        holder.go([&over] { compute_until(over); });
        gofer::sleep_for(20ms); // from here on a stand-in
        for (int i = 1; i <= 50; ++i) sleepers.go([i] { gofer::sleep_for(std::chrono::milliseconds{i * 3}); });
        gofer::sleep_for(2ms);
        over = true;
        holder.wait();
        sleepers.wait();
    };
    fixture::at_workers(1, main);
}

// The detector of deadlocks asks whether all are asleep, and knows of those who rest by their timers only.
TEST_CASE("a stand-in that rests is seen to be awake while it fires its last timer") {
    struct Alarm : gofer::sched::Timer, gofer::sched::Due {
        explicit Alarm(gofer::sched::Scheduler& there)
            : Timer{[](Timer& t, gofer::sched::Woken& woken) noexcept { woken.later(static_cast<Alarm&>(t)); }, true},
              Due{[](Due& due) noexcept { static_cast<Alarm&>(due).look(); }}, scheduler{there} {
            looked.add();
        }
        void look() noexcept {
            const auto limit = std::chrono::steady_clock::now() + 1s;
            while (scheduler.idle.sleeping() < 1 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
            seen_asleep = scheduler.all_asleep();
            looked.done();
        }

        gofer::sched::Scheduler& scheduler;
        gofer::WaitGroup looked;
        std::atomic<bool> seen_asleep{false};
    };
    auto main = [] {
        Alarm alarm{*gofer::sched::this_worker()->scheduler};
        std::atomic<bool> over{false};
        gofer::WaitGroup holder;
        holder.go([&over] { compute_until(over); });
        VERIFY(fixture::eventually([] {
            gofer::sleep_for(1ms);
            return gofer::sched::this_worker()->stand_in();
        }));
        gofer::sched::arm(alarm, gofer::base::deadline_after(50ms));
        over = true;
        holder.wait();
        alarm.looked.wait();
        VERIFY(!alarm.seen_asleep);
    };
    fixture::at_workers(1, main);
}

TEST_CASE("a hundred runtimes end whose workers were stuck") {
    for (int round = 0; round < 100; ++round) {
        auto main = [] {
            std::atomic<bool> over{false};
            gofer::WaitGroup wg;
            for (int i = 0; i < 3; ++i) wg.go([&over] { compute_until(over); });
            gofer::sleep_for(1ms);
            wg.go([&over] { over = true; });
            wg.wait();
        };
        fixture::at_workers(1 + static_cast<unsigned>(round) % 2, main);
    }
}

// All of them own what they use: they are left behind.
TEST_CASE("a runtime ends while its workers are stuck and stand-ins serve") {
    for (int round = 0; round < 10; ++round) {
        const auto over = std::make_shared<std::atomic<bool>>(false);
        auto options = fixture::with_workers(2);
        options.shutdown_grace = 20ms;
        const auto start = std::chrono::steady_clock::now();
        gofer::run(options, [over] {
            const gofer::Channel<int> ping, pong;
            for (int i = 0; i < 4; ++i) gofer::go([over] { compute_until(*over); });
            gofer::go([ping, pong] {
                for (;;) {
                    ping.send(1);
                    pong.receive();
                }
            });
            gofer::go([ping, pong] {
                for (int v : ping) pong.send(v);
            });
            gofer::go([] {
                for (;;) gofer::sleep_for(1ms);
            });
            gofer::sleep_for(30ms);
        });
        CHECK(std::chrono::steady_clock::now() - start < 20s);
        *over = true;
    }
    fixture::require_no_failures();
}

// How long do the others stand still when every worker is stuck in a goroutine that does not park?
//
// Eight goroutines hold their threads for 300 ms each, computing or asleep in the system. Beside them a ticker of
// 1 ms and a ping-pong pair go on; the time is the longest gap that one of these saw.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include <gofer/gofer.hpp>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

using namespace std::chrono_literals;

namespace {

constexpr int hogs = 8;
constexpr auto held = 300ms;

/// The longest time between two steps.
class Gap {
public:
    void step() {
        const auto now = bench::Clock::now();
        if (steps_++ > 0) {
            longest_ = std::max<bench::Seconds>(longest_, now - last_);
        }
        last_ = now;
    }
    bench::Seconds longest() const { return longest_; }
    long steps() const { return steps_; }

private:
    bench::Clock::time_point last_;
    bench::Seconds longest_{0};
    long steps_{0};
};

void tick(Gap& gap, const std::atomic<bool>& over) {
    const gofer::Ticker ticker(1ms);
    while (!over) {
        ticker.channel().receive();
        gap.step();
    }
}

void play(Gap& gap, const std::atomic<bool>& over) {
    const gofer::Channel<int> there, back;
    gofer::go([there, back] {
        for (const int ball : there) {
            back.send(ball);
        }
        back.close();
    });
    while (!over) {
        there.send(1);
        back.receive();
        gap.step();
    }
    there.close();
    back.receive();
}

void compute() {
    for (const auto start = bench::Clock::now(); bench::Clock::now() - start < held;) {}
}

void sleep_in_the_system() {
    std::this_thread::sleep_for(held);
}

bench::Seconds longest_gap(benchmark::State& state, unsigned workers, void (*hold)()) {
    Gap ticks, rounds;
    world::run(workers, [&] {
        std::atomic<bool> over{false};
        gofer::WaitGroup beside, holding;
        beside.go([&] { tick(ticks, over); });
        beside.go([&] { play(rounds, over); });
        gofer::sleep_for(20ms);
        for (int i = 0; i < hogs; ++i) {
            holding.go(hold);
        }
        holding.wait();
        over = true;
        beside.wait();
        state.counters["rescues"] = static_cast<double>(gofer::Runtime::current().stats().rescues);
    });
    bench::check("whether the ticker or the pair went on", ticks.steps() > 20 && rounds.steps() > 20, true);
    state.counters["ticker_ms"] = ticks.longest().count() * 1e3;
    state.counters["pair_ms"] = rounds.longest().count() * 1e3;
    return std::max(ticks.longest(), rounds.longest());
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.add("gap_while/computing", [](auto& state, unsigned workers) { return longest_gap(state, workers, compute); });
    program.add("gap_while/asleep",
                [](auto& state, unsigned workers) { return longest_gap(state, workers, sleep_in_the_system); });
    return program.run();
}

// How long does a goroutine that was made ready wait for the idle worker, when the one that woke it
// computes on?
//
// The hard case of a scheduler that wakes nobody for a last-in goroutine: it must not wait until its waker
// parks. The time is the 99th percentile. With one worker it can only be the length of the computation.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

constexpr std::size_t rounds = 2'000;
constexpr std::size_t not_counted = 100;
constexpr bench::Seconds computing{0.002};

using Wake = world::Channel<bench::Clock::time_point>;
using Answer = world::Channel<bench::Seconds>;

void sleeper(Wake wake, Answer answer) {
    while (const auto sent = wake.receive()) {
        answer.send(bench::since(*sent));
    }
    answer.close();
}

std::vector<bench::Seconds> waits() {
    const Wake wake;
    const Answer answer(1);
    std::vector<bench::Seconds> found;
    world::go(sleeper, wake, answer);
    for (std::size_t i = 0; i < rounds + not_counted; ++i) {
        wake.send(bench::Clock::now());
        for (const auto start = bench::Clock::now(); bench::since(start) < computing;) {}
        const auto wait = answer.receive().value();
        if (i >= not_counted) {
            found.push_back(wait);
        }
    }
    wake.close();
    bench::check("whether an answer is left", answer.receive().has_value(), false);
    std::sort(found.begin(), found.end());
    return found;
}

bench::Seconds latency(benchmark::State& state, unsigned workers) {
    std::vector<bench::Seconds> sorted;
    world::run(workers, [&] { sorted = waits(); });
    const auto at = [&](double share) { return sorted[static_cast<std::size_t>(share * (rounds - 1))]; };
    state.counters["p50"] = at(0.5).count() * 1e9;
    state.counters["p99"] = at(0.99).count() * 1e9;
    state.counters["p999"] = at(0.999).count() * 1e9;
    return at(0.99);
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.add("latency", latency);
    return program.run();
}

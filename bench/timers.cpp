// A hundred thousand sleepers of 1 to 100 ms, each ten times: ideally that takes a second. How long does it
// take, how much processor time, and how late is the latest wake-up?
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include "bench/harness/check.hpp"
#include "bench/harness/process.hpp"
#include "bench/harness/program.hpp"

namespace {

using std::chrono::milliseconds;

/// How late the latest wake-up was; below zero if one came too soon.
bench::Seconds sleeper(milliseconds d, int naps) {
    bench::Seconds latest{0};
    for (int nap = 0; nap < naps; ++nap) {
        const auto due = bench::Clock::now() + d;
        world::sleep_for(d);
        const auto late = bench::since(due);
        if (late < bench::Seconds{0}) {
            return late;
        }
        latest = std::max(latest, late);
    }
    return latest;
}

bench::Seconds sleep_all(std::size_t sleepers, int longest, int naps) {
    std::vector<bench::Seconds> latest(sleepers);
    world::WaitGroup ended;
    ended.add(static_cast<int>(sleepers));
    int turn = 0;
    for (bench::Seconds& mine : latest) {
        const milliseconds d{1 + turn++ % longest};
        world::go([&mine, &ended, d, naps] {
            mine = sleeper(d, naps);
            ended.done();
        });
    }
    ended.wait();
    const auto [early, late] = std::minmax_element(latest.begin(), latest.end());
    bench::check("whether a sleeper woke early", *early < bench::Seconds{0}, false);
    return *late;
}

bench::Seconds timers(benchmark::State& state, unsigned workers) {
    bench::Seconds wall{};
    world::run(workers, [&] {
        sleep_all(1'000, 50, 2); // warms up
        const double cpu = bench::cpu_seconds();
        const auto start = bench::Clock::now();
        const bench::Seconds latest = sleep_all(100'000, 100, 10);
        wall = bench::since(start);
        state.counters["cpu_s"] = bench::cpu_seconds() - cpu;
        state.counters["latest_ms"] = latest.count() * 1e3;
    });
    return wall;
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.add("timers", timers);
    return program.run();
}

// What does a parked goroutine hold? A million of them wait on one channel; what the process grew by,
// resident and in page tables, is divided among them. A second million shows whether the memory of the
// first is used again.
//
// The time is that of starting one and parking it. A process of its own: memory that others freed would
// hide the growth.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <thread>

#include "bench/harness/check.hpp"
#include "bench/harness/process.hpp"
#include "bench/harness/program.hpp"

namespace {

struct Crowd {
    std::int64_t resident;
    bench::Seconds took;
};

Crowd park_all() {
    const world::Channel<int> gate;
    world::WaitGroup ready;
    world::WaitGroup ended;
    ready.add(world::sizes.parked);
    ended.add(world::sizes.parked);
    const auto start = bench::Clock::now();
    for (int i = 0; i < world::sizes.parked; ++i) {
        world::go([&ready, &ended, gate] {
            ready.done();
            bench::check("whether the gate had a value", gate.receive().has_value(), false);
            ended.done();
        });
    }
    ready.wait();
    const auto took = bench::since(start);
    world::sleep_for(std::chrono::milliseconds{50}); // the last ones are only on their way to the channel
    const std::int64_t resident = bench::resident_bytes();
    gate.close();
    ended.wait();
    return {resident, took};
}

bench::Seconds parked(benchmark::State& state, unsigned workers) {
    const double each = 1.0 / world::sizes.parked;
    const std::int64_t before = bench::resident_bytes();
    Crowd first{};
    Crowd second{};
    world::run(workers, [&] {
        first = park_all();
        second = park_all();
    });
    state.counters["bytes"] = static_cast<double>(first.resident - before) * each;
    state.counters["bytes_again"] = static_cast<double>(second.resident - before) * each;
    state.counters["ns_again"] = second.took.count() * each * 1e9;
    return first.took * each;
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.add("parked", parked);
    return program.run();
}

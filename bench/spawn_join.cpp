// What does it cost to start a goroutine that does nothing, and to wait for a million of them?
//
// Each leaves its mark in a byte of its own, which proves that it ran and that the wait was long enough.
#include <cstddef>
#include <vector>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

bench::Seconds spawn_join() {
    std::vector<char> marks(world::sizes.spawned, 0);
    const auto start = bench::Clock::now();
    world::WaitGroup ended;
    ended.add(world::sizes.spawned);
    for (char& mark : marks) {
        world::go([&mark, &ended] {
            mark = 1;
            ended.done();
        });
    }
    ended.wait();
    const auto elapsed = bench::since(start);
    for (const char mark : marks) {
        bench::check("whether a goroutine ran", mark != 0, true);
    }
    return elapsed;
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.row("spawn_join", world::sizes.spawned, spawn_join);
    return program.run();
}

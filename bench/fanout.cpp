// What does a wake-up cost when closing a channel releases ten thousand goroutines at once? Only the
// release counts.
#include <cstddef>
#include <vector>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

bench::Seconds release_all() {
    std::vector<char> woken(world::sizes.waiting, 0);
    const world::Channel<int> gate;
    world::WaitGroup ready;
    world::WaitGroup ended;
    ready.add(world::sizes.waiting);
    ended.add(world::sizes.waiting);
    for (char& mark : woken) {
        world::go([&mark, &ready, &ended, gate] {
            ready.done();
            mark = gate.receive().has_value() ? 0 : 1;
            ended.done();
        });
    }
    ready.wait();
    const auto start = bench::Clock::now();
    gate.close();
    ended.wait();
    const auto elapsed = bench::since(start);
    for (const char mark : woken) {
        bench::check("whether a waiter saw the close", mark != 0, true);
    }
    return elapsed;
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.row("fanout", world::sizes.waiting, release_all);
    return program.run();
}

// Does a goroutine cost more when there are more of them? From a thousand to a million, that start and end; and that
// park, all of them at once, and are released. The time is that of one goroutine from its start to its join.
//
// What grows with their number is what the processor's caches and the memory make of it: a million parked ones are a
// million pages.
#include <cstddef>
#include <string>
#include <vector>

#include "bench/harness/program.hpp"
#include "bench/harness/spawn.hpp"

namespace {

bench::Seconds park(int goroutines) {
    std::vector<char> marks(static_cast<std::size_t>(goroutines), 0);
    const auto start = bench::Clock::now();
    const world::Channel<int> gate;
    world::WaitGroup ready;
    world::WaitGroup ended;
    ready.add(goroutines);
    ended.add(goroutines);
    for (char& mark : marks) {
        world::go([&mark, &ready, &ended, gate] {
            ready.done();
            mark = gate.receive().has_value() ? 0 : 1;
            ended.done();
        });
    }
    ready.wait();
    gate.close();
    ended.wait();
    const auto elapsed = bench::since(start);
    bench::all_left_their_mark(marks);
    return elapsed;
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    for (int goroutines = 1'000; goroutines <= world::sizes.crowd; goroutines *= 10) {
        const std::string number = std::to_string(goroutines);
        program.row("spawn_" + number, goroutines, [=] { return bench::spawn(goroutines); });
        program.row("park_" + number, goroutines, [=] { return park(goroutines); });
    }
    return program.run();
}

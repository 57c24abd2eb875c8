// The row spawn_join with one task group.
#include <vector>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

bench::Seconds spawn_join() {
    std::vector<char> marks(world::sizes.spawned, 0);
    const auto start = bench::Clock::now();
    tbb::task_group group;
    for (char& mark : marks) {
        group.run([&mark] { mark = 1; });
    }
    group.wait();
    const auto elapsed = bench::since(start);
    for (const char mark : marks) {
        bench::check("whether a task ran", mark != 0, true);
    }
    return elapsed;
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.row("spawn_join", world::sizes.spawned, spawn_join);
    return program.run();
}

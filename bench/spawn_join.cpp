// What does it cost to start a goroutine that does nothing, and to wait for a million of them?
#include "bench/harness/program.hpp"
#include "bench/harness/spawn.hpp"

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.row("spawn_join", world::sizes.spawned, [] { return bench::spawn(world::sizes.spawned); });
    return program.run();
}

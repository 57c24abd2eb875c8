// What does it cost to let the next goroutine run, when two take turns, and a thousand?
//
// On several workers two yielding goroutines part and each yields to nobody: that row says something for
// one worker only.
#include <cstddef>
#include <vector>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

void take_turns(int goroutines) {
    const int each = world::sizes.turns / goroutines;
    std::vector<int> turns(static_cast<std::size_t>(goroutines));
    world::WaitGroup ended;
    ended.add(goroutines);
    for (int& mine : turns) {
        world::go([&mine, &ended, each] {
            for (int i = 0; i < each; ++i) {
                world::yield();
                ++mine;
            }
            bench::hands.show();
            ended.done();
        });
    }
    ended.wait();
    for (const int mine : turns) {
        bench::check("the turns of a goroutine", mine, each);
    }
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.row("yield_2", world::sizes.turns, [] { take_turns(2); });
    program.shared_row("yield_1000", world::sizes.turns, [] { take_turns(1000); });
    return program.run();
}

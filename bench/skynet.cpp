// Skynet: a million leaves; each inner node starts ten children and adds up what they send over its
// channel. The time is that of a leaf, so its nanoseconds are the milliseconds of the whole tree.
#include <cstdint>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

using Sum = world::Channel<std::int64_t>;

void skynet(Sum result, std::int64_t first, std::int64_t leaves) {
    if (leaves == 1) {
        result.send(first);
        return;
    }
    if (leaves == 100) {
        bench::hands.show();
    }
    const Sum parts;
    const std::int64_t each = leaves / 10;
    for (std::int64_t child = 0; child < 10; ++child) {
        world::go(skynet, parts, first + child * each, each);
    }
    std::int64_t sum = 0;
    for (int child = 0; child < 10; ++child) {
        sum += parts.receive().value();
    }
    result.send(sum);
}

void tree() {
    const Sum result;
    world::go(skynet, result, 0, world::sizes.leaves);
    bench::check("the sum of the leaves", result.receive().value(), bench::sum_below(world::sizes.leaves));
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.shared_row("skynet", world::sizes.leaves, tree);
    return program.run();
}

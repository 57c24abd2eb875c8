// The row skynet with a task group for each inner node, which needs no channel.
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

std::int64_t skynet(std::int64_t first, std::int64_t leaves) {
    if (leaves == 1) {
        return first;
    }
    if (leaves == 100) {
        bench::hands.show();
    }
    std::array<std::int64_t, 10> parts{};
    tbb::task_group children;
    std::int64_t at = first;
    for (std::int64_t& part : parts) {
        children.run([&part, at, leaves] { part = skynet(at, leaves / 10); });
        at += leaves / 10;
    }
    children.wait();
    return std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.shared_row("skynet", world::sizes.leaves, [] {
        bench::check("the sum of the leaves", skynet(0, world::sizes.leaves),
                     bench::sum_below(world::sizes.leaves));
    });
    return program.run();
}

// What does a round trip between two goroutines cost, over two unbuffered channels?
#include <cstdint>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

using Ball = world::Channel<int>;

void answer(Ball there, Ball back) {
    while (const auto v = there.receive()) {
        back.send(*v + 1);
    }
    back.close();
}

void ping_pong() {
    const Ball there;
    const Ball back;
    world::go(answer, there, back);
    std::int64_t sum = 0;
    for (int i = 0; i < world::sizes.round_trips; ++i) {
        there.send(i);
        sum += back.receive().value();
    }
    there.close();
    bench::check("whether an answer is left", back.receive().has_value(), false);
    bench::check("the sum of the answers", sum, bench::sum_below(world::sizes.round_trips + 1));
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.row("ping_pong", world::sizes.round_trips, ping_pong);
    return program.run();
}

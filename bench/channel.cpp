// What does an element cost on its way through a channel with a buffer of 128: from one producer to one
// consumer, and from four to four?
#include <cstdint>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

constexpr int buffer = 128;
constexpr int parties = 4;

using Numbers = world::Channel<int>;
using Sums = world::Channel<std::int64_t>;

void produce(Numbers out, int count) {
    for (int i = 0; i < count; ++i) {
        out.send(i);
    }
}

std::int64_t consume(const Numbers& in) {
    std::int64_t sum = 0;
    while (const auto v = in.receive()) {
        sum += *v;
    }
    return sum;
}

void one_to_one() {
    const Numbers numbers(buffer);
    world::go([numbers] {
        produce(numbers, world::sizes.elements);
        numbers.close();
    });
    bench::check("the sum received", consume(numbers), bench::sum_below(world::sizes.elements));
}

void four_to_four() {
    const Numbers numbers(buffer);
    const Sums sums(parties);
    world::WaitGroup producers;
    producers.add(parties);
    for (int i = 0; i < parties; ++i) {
        world::go([numbers, &producers] {
            produce(numbers, world::sizes.elements / parties);
            producers.done();
        });
        world::go([numbers, sums] { sums.send(consume(numbers)); });
    }
    producers.wait();
    numbers.close();
    std::int64_t total = 0;
    for (int i = 0; i < parties; ++i) {
        total += sums.receive().value();
    }
    bench::check("the sum received", total, parties * bench::sum_below(world::sizes.elements / parties));
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.row("spsc", world::sizes.elements, one_to_one);
    program.row("mpmc", world::sizes.elements, four_to_four);
    return program.run();
}

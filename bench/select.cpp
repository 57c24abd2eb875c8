// What does a message cost that is waited for on two channels at once, and on four of which one never has
// any?
//
// A sender feeds the channels in turn; the last message of all is -1. Only gofer and Go have a select.
#include <cstdint>
#include <optional>
#include <vector>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

using Messages = gofer::Channel<int>;

void feed(const std::vector<Messages>& channels) {
    std::size_t turn = 0;
    for (int i = 0; i < world::sizes.messages; ++i) {
        channels[turn].send(i);
        turn = turn + 1 == channels.size() ? 0 : turn + 1;
    }
    channels[0].send(-1);
}

void select_two() {
    const Messages a;
    const Messages b;
    gofer::go(feed, std::vector{a, b});
    std::int64_t sum = 0;
    std::optional<int> message = 0;
    for (; *message >= 0; sum += *message) {
        gofer::select(gofer::recv(a, message), gofer::recv(b, message));
    }
    bench::check("the sum received", sum, bench::sum_below(world::sizes.messages) - 1);
}

void select_four() {
    const Messages a;
    const Messages b;
    const Messages c;
    const Messages never;
    gofer::go(feed, std::vector{a, b, c});
    std::int64_t sum = 0;
    std::optional<int> message = 0;
    for (; *message >= 0; sum += *message) {
        gofer::select(gofer::recv(a, message), gofer::recv(b, message), gofer::recv(c, message),
                      gofer::recv(never, message));
    }
    bench::check("the sum received", sum, bench::sum_below(world::sizes.messages) - 1);
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.row("select_2", world::sizes.messages, select_two);
    program.row("select_4", world::sizes.messages, select_four);
    return program.run();
}

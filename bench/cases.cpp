// What does a select cost with the number of its cases? From 2 to 64 channels in a vector of cases, which a sender
// feeds in turn. The time is that of a message. In Go that is reflect.Select, for a select statement has its cases
// written out.
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

constexpr int messages = 50'000;

void select_of(std::size_t cases) {
    std::vector<gofer::Channel<int>> channels;
    std::vector<gofer::SelectCase> waits;
    std::optional<int> message;
    for (std::size_t i = 0; i < cases; ++i) {
        channels.emplace_back();
        waits.emplace_back(gofer::recv(channels.back(), message));
    }
    gofer::go([channels] {
        for (int i = 0; i < messages; ++i) {
            channels[static_cast<std::size_t>(i) % channels.size()].send(i);
        }
    });
    std::int64_t sum = 0;
    for (int i = 0; i < messages; ++i) {
        gofer::select(waits);
        sum += message.value();
    }
    bench::check("the sum received", sum, bench::sum_below(messages));
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    for (std::size_t cases = 2; cases <= 64; cases *= 2) {
        program.row("cases_" + std::to_string(cases), messages, [=] { select_of(cases); });
    }
    return program.run();
}

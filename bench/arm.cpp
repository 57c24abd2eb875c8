// What does it cost to arm a timer and stop it again, beside a thousand or a million that are pending? And a
// select with a timeout from after(), which is made and dropped each time?
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

constexpr std::int64_t armed = 100'000;

/// An hour and some more: no two deadlines alike, and in no order.
std::chrono::nanoseconds far_off(std::size_t n) {
    return std::chrono::hours{1} + std::chrono::microseconds{n * 7919 % 1'000'003};
}

bench::Seconds calls(unsigned workers, std::size_t pending) {
    bench::Seconds each{};
    world::run(workers, [&] {
        std::vector<world::StopCall> others;
        others.reserve(pending);
        for (std::size_t i = 0; i < pending; ++i) {
            others.push_back(world::after_func(far_off(i), [] {}));
        }
        auto batch = [] {
            std::int64_t stopped = 0;
            for (std::size_t i = 0; i < armed; ++i) {
                stopped += world::after_func(far_off(i), [] {})();
            }
            bench::check("calls stopped in time", stopped, armed);
        };
        each = bench::per_operation(armed, batch);
        for (auto& stop : others) {
            stop();
        }
    });
    return each;
}

bench::Seconds timers(unsigned workers, std::size_t pending) {
    bench::Seconds each{};
    world::run(workers, [&] {
        std::vector<world::Timer> others;
        others.reserve(pending);
        for (std::size_t i = 0; i < pending; ++i) {
            others.emplace_back(far_off(i));
        }
        auto batch = [] {
            std::int64_t stopped = 0;
            for (std::size_t i = 0; i < armed; ++i) {
                stopped += world::Timer(far_off(i)).stop();
            }
            bench::check("timers stopped in time", stopped, armed);
        };
        each = bench::per_operation(armed, batch);
    });
    return each;
}

void select_after() {
    const world::Channel<int> answers(1);
    std::int64_t sum = 0;
    for (int i = 0; i < armed; ++i) {
        answers.send(i);
        world::select(world::recv(answers, [&](std::optional<int> n) { sum += *n; }),
                      world::recv(world::after(std::chrono::hours{1})));
    }
    bench::check("the sum of the answers", sum, bench::sum_below(armed));
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    for (const std::size_t pending : {1'000u, 10'000u, 100'000u, 1'000'000u}) {
        std::string suffix{"_"}; // += : gcc 12 warns of an overlap in "_" + std::to_string()
        suffix += std::to_string(pending);
        program.add("call" + suffix, [=](benchmark::State&, unsigned workers) { return calls(workers, pending); });
        program.add("timer" + suffix, [=](benchmark::State&, unsigned workers) { return timers(workers, pending); });
    }
    program.row("select_after", armed, select_after);
    return program.run();
}

// See program.hpp. Compiled once for each world.
#include "bench/harness/program.hpp"

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "bench/harness/process.hpp"

namespace bench {
namespace {

constexpr std::string_view flag = "--workers=";

[[noreturn]] void refuse(std::string_view text) {
    std::cerr << "--workers takes numbers from 1 to 256 with commas between, not '" << text << "'\n";
    std::exit(2);
}

std::vector<unsigned> numbers(std::string_view list) {
    std::vector<unsigned> found;
    const char* at = list.data();
    const char* const end = at + list.size();
    while (true) {
        unsigned number = 0;
        const auto [next, error] = std::from_chars(at, end, number);
        if (error != std::errc{} || number < 1 || number > 256 || (next != end && *next != ',')) {
            refuse(list);
        }
        found.push_back(number);
        if (next == end) {
            return found;
        }
        at = next + 1;
    }
}

} // namespace

Program::Program(int argc, char** argv) : workers_{1, 2} {
    std::vector<char*> others;
    for (int i = 0; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument.starts_with(flag)) {
            workers_ = numbers(argument.substr(flag.size()));
        } else {
            others.push_back(argv[i]);
        }
    }
    int count = static_cast<int>(others.size());
    others.push_back(nullptr);
    benchmark::Initialize(&count, others.data());
    if (benchmark::ReportUnrecognizedArguments(count, others.data())) {
        std::exit(2);
    }
}

void Program::add(const std::string& name, const Row& row) {
    for (const unsigned workers : workers_) {
        const auto once = [row, workers](benchmark::State& state) {
            const Seconds operation = row(state, workers);
            state.counters["peak_mib"] = peak_mib();
            for ([[maybe_unused]] auto iteration : state) {
                state.SetIterationTime(operation.count());
            }
        };
        const std::string full = name + "/workers:" + std::to_string(workers);
        benchmark::RegisterBenchmark(full.c_str(), once)->Iterations(1)->UseManualTime();
    }
}

int Program::run() {
    const bool any = benchmark::RunSpecifiedBenchmarks() > 0;
    benchmark::Shutdown();
    return any ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace bench

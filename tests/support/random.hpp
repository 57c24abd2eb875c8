// Seeds and dice for the randomized tests.
//
// Every run draws a fresh seed and prints it; GOFER_TEST_SEED=n in the environment takes n instead. The seed
// fixes what the goroutines choose to do, not how the machine interleaves them: run a failing seed some times
// over.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

#include "fixture.hpp"

namespace fixture {

class Dice {
public:
    /// Each goroutine has dice of its own: give it a number of its own.
    Dice(std::uint64_t seed, unsigned number) : engine_{seed * 0x9E3779B97F4A7C15U + number} {}

    [[nodiscard]] int below(int n) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(n)); }
    [[nodiscard]] bool one_in(int n) { return below(n) == 0; }

private:
    std::mt19937_64 engine_;
};

[[nodiscard]] inline std::uint64_t fresh_seed() {
    if (const char* given = std::getenv("GOFER_TEST_SEED")) return std::strtoull(given, nullptr, 10);
    return std::random_device{}();
}

/// Runs body(seed) at each worker count, the seed told beforehand: a hang or a crash has no later.
template <class Body>
void storm(Body body) {
    for (const unsigned workers : worker_counts) {
        const std::uint64_t seed = fresh_seed();
        std::cout << Catch::getResultCapture().getCurrentTestName() << ": GOFER_TEST_SEED=" << seed
                  << " workers=" << workers << std::endl;
        INFO("seed: " << seed);
        auto seeded = [&] { body(seed); };
        at_workers(workers, seeded);
    }
}

} // namespace fixture

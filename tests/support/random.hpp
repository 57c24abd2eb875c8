// Seeds and dice for the randomized tests.
//
// Every run draws a fresh seed and prints it, and counts on from there; GOFER_TEST_SEED=n in the environment
// starts at n instead, GOFER_TEST_STORM_MS=t goes on for t milliseconds at each worker count. A seed fixes
// what the goroutines choose to do, not how the machine interleaves them: run a failing one some times over.
#pragma once

#include <chrono>
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

[[nodiscard]] inline std::chrono::milliseconds storm_time() {
    if (const char* given = std::getenv("GOFER_TEST_STORM_MS"))
        return std::chrono::milliseconds{std::atoi(given)};
    return std::chrono::milliseconds{150};
}

/// Runs body(seed) at each worker count, with one seed after the other for a while. The first is told
/// beforehand: a hang or a crash has no later.
template <class Body>
void storm(Body body) {
    for (const unsigned workers : worker_counts) {
        std::uint64_t seed = fresh_seed();
        std::cout << Catch::getResultCapture().getCurrentTestName() << ": GOFER_TEST_SEED=" << seed
                  << " workers=" << workers << std::endl;
        const auto end = std::chrono::steady_clock::now() + storm_time();
        do {
            INFO("seed: " << seed);
            auto seeded = [&] { body(seed); };
            at_workers(workers, seeded);
            ++seed;
        } while (std::chrono::steady_clock::now() < end);
    }
}

} // namespace fixture

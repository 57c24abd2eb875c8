// Runs batches of a row's work until there is enough of it, and says what one operation took.
//
// The first tens of milliseconds on two workers barely scale (threads start, pools fill), so they are not
// counted. The peers in Go do the same with the same limits (bench/peers/go/measure.go).
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <type_traits>

namespace bench {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

/// $GOFER_BENCH_QUICK: short runs, for an impression.
inline const double length = std::getenv("GOFER_BENCH_QUICK") ? 0.2 : 1;
inline const Seconds warm_up{0.15 * length};
inline const Seconds enough{0.5 * length};
inline const Seconds at_most{1.5 * length}; // for batches whose preparation takes longer than what is measured

inline Seconds since(Clock::time_point start) { return Clock::now() - start; }

/// What a batch took: all of it, or what it returns when only a part of it counts.
template <class Batch>
Seconds timed(Batch& batch) {
    if constexpr (std::is_void_v<std::invoke_result_t<Batch&>>) {
        const auto start = Clock::now();
        batch();
        return since(start);
    } else {
        return batch();
    }
}

template <class Batch>
Seconds per_operation(std::int64_t operations, Batch& batch) {
    for (const auto start = Clock::now(); since(start) < warm_up;) {
        timed(batch);
    }
    Seconds total{0};
    int batches = 0;
    for (const auto start = Clock::now(); total < enough && since(start) < at_most; ++batches) {
        total += timed(batch);
    }
    return total / batches / static_cast<double>(operations);
}

} // namespace bench

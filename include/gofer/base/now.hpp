// The clock of the system, as a number of nanoseconds.
#pragma once

#include <cstdint>
#include <ctime>
#include <limits>

namespace gofer::inline v1::base {

inline constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

/// Nanoseconds of a clock of the system; 0 if it has no such clock (any more).
inline std::int64_t time_of(clockid_t clock) noexcept {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}
/// Nanoseconds of CLOCK_MONOTONIC, the clock that the futex calls wait by.
inline std::int64_t now_ns() noexcept {
    return time_of(CLOCK_MONOTONIC);
}

} // namespace gofer::inline v1::base

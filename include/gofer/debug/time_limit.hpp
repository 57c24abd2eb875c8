// The moment at which a search is given up. Whoever searches asks between any two steps, none of which takes longer
// than some milliseconds; once it has passed it stays so, and whatever has been found by then is no verdict.
#pragma once

#include <cstdint>

#include <gofer/base/clock.hpp>

namespace gofer::inline v1::debug {

/// One thread.
class TimeLimit {
public:
    /// On the clock of base::now_ns.
    explicit TimeLimit(std::int64_t until_ns) noexcept : until_(until_ns) {}
    TimeLimit(const TimeLimit&) = delete;
    TimeLimit& operator=(const TimeLimit&) = delete;

    /// Looks at the clock.
    bool passed() noexcept { return !allows(0); }
    /// Whether a step that takes so long, and cannot be broken off, ends in time. If not, the limit has passed.
    bool allows(std::int64_t ns) noexcept {
        if (!passed_) passed_ = base::now_ns() > until_ - ns;
        return !passed_;
    }
    /// Whether it had when last looked at.
    bool was_passed() const noexcept { return passed_; }
    /// Nanoseconds.
    std::int64_t rest() const noexcept { return until_ - base::now_ns(); }

private:
    const std::int64_t until_;
    bool passed_ = false;
};

} // namespace gofer::inline v1::debug

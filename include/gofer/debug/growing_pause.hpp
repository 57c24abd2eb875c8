// Pauses for who waits for what comes soon or late, and is not told.
#pragma once

#include <chrono>

#include <gofer/time/sleep.hpp>

namespace gofer::inline v1::debug {

/// Each as long as all before it, up to a millisecond. From a goroutine it parks.
class GrowingPause {
public:
    explicit GrowingPause(std::chrono::microseconds first) noexcept : next_(first) {}

    void operator()() {
        sleep_for(next_);
        if (next_ < std::chrono::milliseconds(1)) next_ *= 2;
    }

private:
    std::chrono::microseconds next_;
};

} // namespace gofer::inline v1::debug

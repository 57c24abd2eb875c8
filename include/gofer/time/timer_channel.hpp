// What after, Timer and Ticker have in common: a channel whose values come from the clock (chan/clockwork.hpp).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <gofer/chan/channel.hpp>

namespace gofer::inline v1::time {

using Moments = Receiver<Clock::time_point>;

/// The moment `d` from now; for ever is later than any wait, but still armed.
template <class Rep, class Period>
std::int64_t due_in(std::chrono::duration<Rep, Period> d) noexcept {
    return std::min(base::deadline_after(d), chan::latest_due);
}

inline Moments timer_channel(std::int64_t due, std::int64_t period) {
    const Channel<Clock::time_point> c;
    c.core()->start_clock(due, period);
    return c;
}

} // namespace gofer::inline v1::time

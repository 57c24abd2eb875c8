// Ticker: a value each period. Go's time.Ticker.
#pragma once

#include <algorithm>
#include <stdexcept>

#include <gofer/time/timer_channel.hpp>

namespace gofer::inline v1 {

/// Delivers, on its channel, the moment of each tick. The ticks are a whole number of periods after the start or
/// the last reset, so they do not drift, and at most one waits: a receiver that is late gets the first one it
/// missed, and then the next that is still to come. A handle, as Timer is; a ticker that nobody waits for costs
/// nothing.
class Ticker {
public:
    /// The first tick comes one period from now. Throws std::invalid_argument when `period` is not above zero, and
    /// std::bad_alloc.
    template <class Rep, class Period>
    explicit Ticker(std::chrono::duration<Rep, Period> period)
        : channel_(time::timer_channel(time::due_in(checked(period)), in_ns(period))) {}

    Ticker(const Ticker&) noexcept = default; // also in place of a move, so that each stays one as long as it lives
    Ticker& operator=(const Ticker&) noexcept = default;
    ~Ticker() = default;

    Receiver<Clock::time_point> channel() const noexcept { return channel_; }

    /// No more ticks, nor the one that may wait. Does not close the channel: its receivers go on waiting.
    void stop() const noexcept { channel_.core()->set_clock(base::never, 0); }

    /// Ticks each `period` from now on, also after stop(). Throws std::invalid_argument, and changes nothing, when
    /// it is not above zero.
    template <class Rep, class Period>
    void reset(std::chrono::duration<Rep, Period> period) const {
        channel_.core()->set_clock(time::due_in(checked(period)), in_ns(period));
    }

private:
    template <class Duration>
    static Duration checked(Duration period) {
        if (!(period > Duration::zero())) throw std::invalid_argument("gofer: the period of a Ticker must be above zero");
        return period;
    }
    template <class Duration>
    static std::int64_t in_ns(Duration period) noexcept {
        return std::min(base::saturated_ns(period), chan::latest_due);
    }

    Receiver<Clock::time_point> channel_;
};

} // namespace gofer::inline v1

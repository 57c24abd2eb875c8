// Timer: one value after some time, which can be stopped and set again. Go's time.Timer, by the rules of Go 1.23.
#pragma once

#include <gofer/time/timer_channel.hpp>

namespace gofer::inline v1 {

/// Delivers, on its channel, the moment when its time was over. A handle: copies are one timer, all operations are
/// const and may be called from any goroutine or thread, also while others receive. Destroying it changes nothing
/// for those who hold its channel.
///
/// The channel is as unbuffered (size and capacity are 0) and never closed. After stop() or reset() has returned,
/// no value of before can be received: there is no need to drain it.
class Timer {
public:
    /// Ready `d` from now; zero or less: at once. Throws std::bad_alloc.
    template <class Rep, class Period>
    explicit Timer(std::chrono::duration<Rep, Period> d) : channel_(time::timer_channel(time::due_in(d), 0)) {}

    Timer(const Timer&) noexcept = default; // also in place of a move, so that each stays one as long as it lives
    Timer& operator=(const Timer&) noexcept = default;
    ~Timer() = default;

    Receiver<Clock::time_point> channel() const noexcept { return channel_; }

    /// True: it was running, or its value had not been received yet; now none comes. Does not block.
    bool stop() const noexcept { return channel_.core()->set_clock(base::never, 0); }

    /// Ready `d` from now, whatever was before. Returns what stop() would have. Does not block.
    template <class Rep, class Period>
    bool reset(std::chrono::duration<Rep, Period> d) const noexcept {
        return channel_.core()->set_clock(time::due_in(d), 0);
    }

private:
    Receiver<Clock::time_point> channel_;
};

} // namespace gofer::inline v1

// after: a channel that gets one value when some time is over. Go's time.After.
#pragma once

#include <gofer/time/timer_channel.hpp>

namespace gofer::inline v1 {

/// A channel from which the moment `d` from now can be received once that has come; zero or less: at once. Never
/// closed. Costs one allocation, which goes with the last handle, received from or not. Throws std::bad_alloc.
///
///     gofer::select(gofer::recv(answers, use), gofer::recv(gofer::after(1s), give_up));
template <class Rep, class Period>
[[nodiscard]] Receiver<Clock::time_point> after(std::chrono::duration<Rep, Period> d) {
    return time::timer_channel(time::due_in(d), 0);
}

} // namespace gofer::inline v1

// sleep_for and sleep_until. Go's time.Sleep; with a context what Go writes as a select of Done and a timer.
#pragma once

#include <chrono>

#include <gofer/wait/episode.hpp>

namespace gofer::inline v1 {

namespace time {

/// True: the time is over. False: the wait was interrupted.
inline bool sleep(wait::Until until) {
    if (until.interrupted()) return false;
    if (until.over()) {
        if (!sched::yield()) wait::unwind();
        return true;
    }
    base::EngineRegion engine;
    wait::Episode episode(until, true); // also for ever: there is no list by whose lock it could be unwound
    episode.park(task::WaitReason::sleep, nullptr, wait::Unlock::nothing());
    if (episode.ended() == wait::Ended::by_deadline) return true;
    episode.pass_unwind();
    return false;
}
template <wait::Ending Ctx>
bool sleep(wait::Until until, const Ctx& ctx) {
    until.interrupt = interrupt_of(ctx);
    return sleep(until);
}

} // namespace time

/// Blocks for at least that long; zero or less only yields. hours::max() is for ever.
template <class Rep, class Period>
void sleep_for(std::chrono::duration<Rep, Period> d) {
    static_cast<void>(time::sleep(wait::Until::after(d)));
}

/// Blocks until that moment of any clock, measured on ours from now on; a moment that has passed only yields.
template <class C, class D>
void sleep_until(std::chrono::time_point<C, D> tp) {
    static_cast<void>(time::sleep(wait::Until::at(tp)));
}

/// The same, but only until the context ends. True: the whole time is over; false: the context ended first, or had
/// ended.
template <wait::Ending Ctx, class Rep, class Period>
[[nodiscard]] bool sleep_for(const Ctx& ctx, std::chrono::duration<Rep, Period> d) {
    return time::sleep(wait::Until::after(d), ctx);
}
template <wait::Ending Ctx, class Rep, class Period>
[[nodiscard]] bool sleep_for(std::chrono::duration<Rep, Period> d, const Ctx& ctx) {
    return sleep_for(ctx, d);
}

template <wait::Ending Ctx, class C, class D>
[[nodiscard]] bool sleep_until(const Ctx& ctx, std::chrono::time_point<C, D> tp) {
    return time::sleep(wait::Until::at(tp), ctx);
}
template <wait::Ending Ctx, class C, class D>
[[nodiscard]] bool sleep_until(std::chrono::time_point<C, D> tp, const Ctx& ctx) {
    return sleep_until(ctx, tp);
}

} // namespace gofer::inline v1

// sleep_for and sleep_until. Go's time.Sleep.
#pragma once

#include <chrono>

#include <gofer/wait/episode.hpp>

namespace gofer::inline v1 {

namespace time {

inline void sleep(wait::Until until) {
    if (until.over()) return sched::yield();
    base::EngineRegion engine;
    wait::Episode episode(until);
    episode.park(task::WaitReason::sleep, nullptr, {});
}

} // namespace time

/// Blocks for at least that long; zero or less only yields. hours::max() is for ever.
template <class Rep, class Period>
void sleep_for(std::chrono::duration<Rep, Period> d) {
    time::sleep(wait::Until::after(d));
}

/// Blocks until that moment of any clock, measured on ours from now on; a moment that has passed only yields.
template <class C, class D>
void sleep_until(std::chrono::time_point<C, D> tp) {
    time::sleep(wait::Until::at(tp));
}

} // namespace gofer::inline v1

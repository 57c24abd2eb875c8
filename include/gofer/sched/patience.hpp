// How long the end of a runtime, or of the process, waits for workers to stop, or for one that unwinds to move: by the
// clock, and longer for those that had no processor meanwhile, since others keep it busy. One that computes in a
// goroutine, or sleeps in the system, is not waited for beyond that.
#pragma once

#include <cstdint>

#include <gofer/base/clock.hpp>
#include <gofer/base/thread_state.hpp>
#include <gofer/sched/scheduler.hpp>

namespace gofer::inline v1::sched {

/// Nanoseconds of processor time within which a worker that is not in a long computation comes to its next turn; and how
/// much longer, by the clock, it is waited for until it has had them.
inline constexpr std::int64_t stopping_takes_ns = 10'000'000;
inline constexpr std::int64_t longest_starvation_ns = 2'000'000'000;

/// Of the worker's thread; none when that has not begun.
inline std::int64_t processor_time(const Worker& w) noexcept {
    return w.tid.load(std::memory_order_acquire) == 0 ? 0 : base::time_of(w.cpu_clock);
}

/// Before they are told to stop.
inline void begin_patience(Worker& w) noexcept {
    w.used_when_stopped = processor_time(w);
}
inline void begin_patience(Scheduler& s) noexcept {
    for (auto& w : s.workers) begin_patience(*w);
}

/// Waits until done(), or until `until`; for one that waits for a processor, longer.
template <class Done, class Pause>
void await_worker(const Worker& w, std::int64_t until, Done done, Pause pause) noexcept {
    const auto is_starved = [&w] {
        return processor_time(w) - w.used_when_stopped < stopping_takes_ns && base::wants_processor(w.tid);
    };
    while (!done()) {
        const std::int64_t now = base::now_ns();
        if (now >= until && !(now < until + longest_starvation_ns && is_starved())) return;
        pause();
    }
}

} // namespace gofer::inline v1::sched

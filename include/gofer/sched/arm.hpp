// Timers that belong to no blocked call: a context's deadline, a Timer. They live in an object, not in a frame, may be
// armed and disarmed from any goroutine or thread, and outlive the runtime they were armed in.
//
// Where: on the heap of the worker that arms; from a plain thread on that of some worker of the default runtime.
// When a runtime ends, what is still armed in it moves to the default one.
// Who: arm() and disarm() of one timer are the owner's to keep apart (a lock of its own); firing and moving may come at
// any time between.
// Firing: `fire` runs under the heap's spin lock, on any thread that runs a worker's loop. It must be quick and take no
// lock; it may claim a wait, retain the owner, and leave what needs more to a Due step (timer_heap.hpp), which runs
// without any lock. A timer that is firing is not armed; to fire again it is armed from the Due step, or by its owner.
// Locks: the owner's, then a heap's; the heap of a runtime that ends, then one of the default runtime's; then Idle's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>

#include <gofer/sched/default_scheduler.hpp>

namespace gofer::inline v1::sched {

/// Some worker of `s`, for a caller that is none: not always the same one.
inline Worker& some_worker(Scheduler& s, const Timer& timer) noexcept {
    const std::size_t mixed = (reinterpret_cast<std::uintptr_t>(&timer) >> 6) * 0x9e3779b9u >> 8;
    return *s.workers[mixed % s.workers.regulars()];
}

inline void arm_in_default_runtime(Timer& timer, std::int64_t deadline) {
    Worker& w = some_worker(*default_scheduler(), timer);
    if (w.timers.add(timer, deadline) == TimerHeap::Added::first) w.scheduler->idle.wake_for_timers(w);
}

/// Arms a timer that is not armed (made with `outlives_its_runtime`) to fire at `deadline`, or soon when that has
/// passed. Throws std::bad_alloc, and what starting the default runtime throws.
inline void arm(Timer& timer, std::int64_t deadline) {
    base::EngineRegion engine;
    Worker* own = this_worker();
    if (own && own->timers.add(timer, deadline) != TimerHeap::Added::refused) return;
    arm_in_default_runtime(timer, deadline);
}

/// True: it had not fired, and will not. False: it has fired, or was not armed. Either way nobody touches the timer any
/// more when this returns; a Due step that it left may still be on its way.
inline bool disarm(Timer& timer) noexcept {
    base::EngineRegion engine;
    for (;;) {
        TimerHeap* heap = timer.heap.load(std::memory_order_acquire);
        if (!heap) return false;
        const TimerHeap::Removed removed = heap->take(timer);
        if (removed != TimerHeap::Removed::elsewhere) return removed == TimerHeap::Removed::yes;
    }
}

/// At the end of a runtime: what is still armed there moves to the default one. Where the system gives that no thread,
/// it stays, and fires if a later runtime comes by this heap.
inline void adopt_timers(Scheduler& ended) noexcept {
    base::EngineRegion engine;
    std::size_t left = 0;
    const auto adopt = [&left](Timer& timer, std::int64_t deadline) noexcept {
        if (left == 0) { // else it would be refused again
            try {
                arm_in_default_runtime(timer, deadline);
                return true;
            } catch (const std::exception&) {
            }
        }
        ++left;
        return false;
    };
    for (auto& w : ended.workers) w->timers.close(adopt);
    if (left == 0) return;
    base::say("gofer: %zu timers that outlive their runtime cannot move to the default one, which gets no thread or no "
              "memory; they fire late, or never\n",
              left);
}

} // namespace gofer::inline v1::sched

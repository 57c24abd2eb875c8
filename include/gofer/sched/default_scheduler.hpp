// The scheduler that goroutines started outside of any runtime belong to. Made at first use, never destroyed: at exit
// it stands still (exit.hpp), so that no goroutine runs beside static destructors.
#pragma once

#include <gofer/base/separate.hpp>
#include <gofer/sched/scheduler.hpp>
#if GOFER_WITH_BODIES
#include <gofer/sched/cpu_count.hpp>
#include <gofer/sched/worker_thread.hpp>
#endif

namespace gofer::inline v1::sched {

inline constexpr std::size_t default_stack_size = std::size_t{256} << 10;

[[gnu::visibility("default")]] inline std::atomic<Scheduler*>& default_scheduler_slot() noexcept {
    static std::atomic<Scheduler*> slot{nullptr};
    return slot;
}

[[gnu::visibility("default")]] Scheduler* default_scheduler();

#if GOFER_WITH_BODIES
[[gnu::visibility("default")]] GOFER_SEPARABLE Scheduler* default_scheduler() {
    static Scheduler* const made = [] {
        must_not_be_forked("the default runtime starts");
        auto* s = new Scheduler(default_worker_count(), default_stack_size);
        s->never_joins = true;
        s->on_deadlock = OnDeadlock::report;
        try {
            start_threads(*s);
        } catch (...) { // those that were started end by themselves
            stop_threads(*s);
            Monitor::instance().remove(*s);
            s->release();
            throw;
        }
        default_scheduler_slot().store(s, std::memory_order_release);
        return s;
    }();
    return made;
}
#endif

/// Where a goroutine started here and now belongs: beside the one that starts it, else in the default runtime.
inline Scheduler* scheduler_here(Worker* w) {
    Scheduler* here = this_scheduler(w);
    return here ? here : default_scheduler();
}

} // namespace gofer::inline v1::sched

// The scheduler that goroutines started outside of any runtime belong to. Made at first use, never destroyed. From
// our exit handler on it stands still: no goroutine is started or resumed while static objects are being destroyed.
#pragma once

#include <cstdlib>

#include <gofer/sched/cpu_count.hpp>
#include <gofer/sched/worker_thread.hpp>

namespace gofer::inline v1::sched {

inline constexpr std::size_t default_stack_size = std::size_t{256} << 10;

/// Nanoseconds that exit waits for goroutines that are about to park; one that computes runs on as a detached thread
/// would.
inline constexpr std::int64_t exit_patience_ns = 10'000'000;

[[gnu::visibility("default")]] inline std::atomic<Scheduler*>& default_scheduler_slot() noexcept {
    static std::atomic<Scheduler*> slot{nullptr};
    return slot;
}

/// Stops a scheduler's workers where they are, without ending their threads.
inline void freeze(Scheduler& s) noexcept {
    base::EngineRegion engine;
    s.frozen.store(true, std::memory_order_relaxed);
    stop_threads(s);
    const Worker* own = this_worker();
    const std::int64_t patience = base::now_ns() + exit_patience_ns;
    for (auto& w : s.workers) {
        base::Backoff backoff;
        while (w.get() != own && !w->frozen.load(std::memory_order_acquire) && base::now_ns() < patience)
            backoff.pause();
    }
    keep_goroutines_reachable(s);
}

inline void freeze_default_scheduler() noexcept {
    if (Scheduler* s = default_scheduler_slot().load(std::memory_order_acquire)) freeze(*s);
}

[[gnu::visibility("default")]] inline Scheduler* default_scheduler() {
    static Scheduler* const made = [] {
        auto* s = new Scheduler(default_worker_count(), default_stack_size);
        start_threads(*s);
        for (auto& w : s->workers) w->thread.detach();
        default_scheduler_slot().store(s, std::memory_order_release);
        std::atexit([] { freeze_default_scheduler(); });
        return s;
    }();
    return made;
}

/// Where a goroutine started here and now belongs: beside the one that starts it, else in the default runtime.
inline Scheduler* scheduler_here(Worker* w) {
    return w ? w->scheduler : default_scheduler();
}

} // namespace gofer::inline v1::sched

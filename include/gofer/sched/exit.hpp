// The exit of the process. From our exit handler on no goroutine is started or resumed: static objects are being
// destroyed, and their users must not run beside that. Threads are not joined; one whose goroutine computes runs on, as
// a detached thread would.
#pragma once

#include <cstdlib>

#include <gofer/sched/monitor.hpp>
#include <gofer/sched/this_worker.hpp>

namespace gofer::inline v1::sched {

/// Nanoseconds that exit waits for goroutines that are about to park.
inline constexpr std::int64_t exit_patience_ns = 10'000'000;

/// Asks all workers to stop at their next turn; returns at once.
inline void stop_threads(Scheduler& s) noexcept {
    base::EngineRegion engine;
    s.stopped.store(true, std::memory_order_seq_cst);
    for (auto& w : s.workers) w->attention.store(true, std::memory_order_seq_cst);
    base::heavy_barrier();
    s.workers.close();
    s.idle.wake_all();
    s.idle.poke();
}

/// Stops a scheduler's workers where they are, without ending their threads.
inline void freeze(Scheduler& s, std::int64_t patience_end) noexcept {
    s.frozen.store(true, std::memory_order_relaxed);
    stop_threads(s);
    base::EngineRegion engine;
    const Worker* own = this_worker();
    for (auto& w : s.workers) {
        base::Backoff backoff;
        while (w.get() != own && !w->frozen.load(std::memory_order_acquire) &&
               !w->exited.load(std::memory_order_acquire) && base::now_ns() < patience_end)
            backoff.pause();
    }
    // Static destructors run after this: what the goroutines did until they stood still happens before them.
    for (auto& w : s.workers) base::engine_acquire(&w->thread_ends);
    keep_goroutines_reachable(s);
}

inline void freeze_all() noexcept {
    if (forked().load(std::memory_order_relaxed)) return Monitor::instance().for_each(keep_goroutines_reachable);
    const std::int64_t patience_end = base::now_ns() + exit_patience_ns;
    Monitor::instance().for_each([patience_end](Scheduler& s) { freeze(s, patience_end); });
}

/// Once a process, with the first scheduler.
[[gnu::visibility("default")]] inline void install_exit_handler() {
    static const bool installed = std::atexit([] { freeze_all(); }) == 0;
    static_cast<void>(installed);
}

} // namespace gofer::inline v1::sched

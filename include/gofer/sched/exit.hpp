// The exit of the process. From our exit handler on no goroutine is started or resumed: static objects are being
// destroyed, and their users must not run beside that. Threads are not joined; one whose goroutine computes runs on, as
// a detached thread would.
#pragma once

#include <cstdlib>

#include <gofer/base/thread_state.hpp>
#include <gofer/sched/monitor.hpp>
#include <gofer/sched/this_worker.hpp>

namespace gofer::inline v1::sched {

/// Nanoseconds that exit waits for goroutines that are about to park; and how long at most for those that had not that
/// much of a processor meanwhile, since others keep it busy.
inline constexpr std::int64_t exit_patience_ns = 10'000'000;
inline constexpr std::int64_t longest_exit_patience_ns = 2'000'000'000;

/// Waits for a worker to stand still until `patience_end`, longer if it waits for a processor.
inline void await_standstill(const Worker& w, std::int64_t patience_end) noexcept {
    const auto is_starved = [&w] {
        return base::time_of(w.cpu_clock) - w.used_at_exit < exit_patience_ns && base::wants_processor(w.tid);
    };
    base::Backoff backoff;
    while (!w.frozen.load(std::memory_order_acquire) && !w.exited.load(std::memory_order_acquire)) {
        const std::int64_t now = base::now_ns();
        if (now >= patience_end && !(now < patience_end + longest_exit_patience_ns && is_starved())) return;
        backoff.pause();
    }
}

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

/// Has a scheduler's workers stop where they are, without ending their threads; returns at once.
inline void freeze(Scheduler& s) noexcept {
    s.frozen.store(true, std::memory_order_relaxed);
    for (auto& w : s.workers) w->used_at_exit = base::time_of(w->cpu_clock);
    stop_threads(s);
}

inline void await_standstill(Scheduler& s, std::int64_t patience_end) noexcept {
    base::EngineRegion engine;
    const Worker* own = this_worker();
    for (auto& w : s.workers)
        if (w.get() != own) await_standstill(*w, patience_end);
    // Static destructors run after this: what the goroutines did until they stood still happens before them.
    for (auto& w : s.workers) base::engine_acquire(&w->thread_ends);
    keep_goroutines_reachable(s);
}

/// All at once, so that many who compute on are waited for no longer than one is.
inline void freeze_all() noexcept {
    Monitor& all = Monitor::instance();
    if (forked().load(std::memory_order_relaxed)) return all.for_each(keep_goroutines_reachable);
    all.for_each(freeze);
    const std::int64_t patience_end = base::now_ns() + exit_patience_ns;
    all.for_each([patience_end](Scheduler& s) { await_standstill(s, patience_end); });
}

/// Once a process, with the first scheduler.
[[gnu::visibility("default")]] inline void install_exit_handler() {
    static const bool installed = std::atexit([] { freeze_all(); }) == 0;
    static_cast<void>(installed);
}

} // namespace gofer::inline v1::sched

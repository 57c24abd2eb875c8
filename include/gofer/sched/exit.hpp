// The exit of the process. From our exit handler on no goroutine is started or resumed: static objects are being
// destroyed, and their users must not run beside that. Threads are not joined; one whose goroutine computes runs on, as
// a detached thread would. Where a goroutine has called exit its thread runs the handlers: it is a plain one from ours on,
// so that it sleeps where it blocks, and is not parked for ever. What is started then is destroyed unrun, so that who
// counts on it (a WaitGroup, a Future) is told.
#pragma once

#include <cstdlib>
#include <unistd.h>

#include <gofer/sched/monitor.hpp>
#include <gofer/sched/patience.hpp>
#include <gofer/sched/plain_threads.hpp>
#include <gofer/sched/this_worker.hpp>

namespace gofer::inline v1::sched {

/// Asks all workers to stop at their next turn; returns at once.
inline void stop_threads(Scheduler& s) noexcept {
    base::EngineRegion engine;
    begin_patience(s);
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
    stop_threads(s);
}

inline void await_standstill(Scheduler& s, std::int64_t until) noexcept {
    base::EngineRegion engine;
    const Worker* own = this_worker();
    for (auto& w : s.workers) {
        if (w.get() == own) continue;
        const auto stands = [&w] {
            return w->frozen.load(std::memory_order_acquire) || w->exited.load(std::memory_order_acquire);
        };
        base::Backoff backoff;
        await_worker(*w, until, stands, [&backoff] { backoff.pause(); });
    }
    // Static destructors run after this: what the goroutines did until they stood still happens before them.
    for (auto& w : s.workers) base::engine_acquire(&w->thread_ends);
    keep_goroutines_reachable(s);
}

/// The calling thread does not come back to what it was.
inline void become_plain() noexcept {
    set_this_worker(nullptr);
    set_this_guest(nullptr);
    PlainThreads::exiting_thread().store(::gettid(), std::memory_order_relaxed);
}

/// All at once, so that many who compute on are waited for no longer than one is.
inline void freeze_all() noexcept {
    Monitor& all = Monitor::instance();
    if (forked().load(std::memory_order_relaxed)) return all.for_each(keep_goroutines_reachable);
    all.for_each(freeze);
    const std::int64_t until = base::now_ns() + stopping_takes_ns;
    all.for_each([until](Scheduler& s) { await_standstill(s, until); });
    become_plain();
}

/// Once a process, with the first scheduler.
[[gnu::visibility("default")]] inline void install_exit_handler() {
    static const bool installed = std::atexit([] { freeze_all(); }) == 0;
    static_cast<void>(installed);
}

} // namespace gofer::inline v1::sched

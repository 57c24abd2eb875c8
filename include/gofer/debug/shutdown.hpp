// The end of a runtime: the grace for goroutines that are left, the end of its threads, and the account of what
// remains. Called from a plain thread or from a goroutine of another runtime, so it waits by sleeping in small steps.
#pragma once

#include <chrono>
#include <mutex>
#include <vector>

#include <gofer/debug/leaks.hpp>
#include <gofer/debug/outlook.hpp>
#include <gofer/sched/arm.hpp>
#include <gofer/sched/monitor.hpp>
#include <gofer/sched/worker_thread.hpp>
#include <gofer/time/sleep.hpp>
#include <gofer/wait/recall.hpp>

namespace gofer::inline v1::debug {

/// True when nobody is left who could wake the goroutines of a runtime whose end the calling thread awaits.
inline bool nobody_can_wake() {
    if (sched::this_worker()) return false; // the caller's own runtime lives
    const Outlook outlook = judge();
    return outlook.hopeless && outlook.others == 1; // the caller
}

inline void await_goroutines(sched::Scheduler& s, std::chrono::milliseconds grace) {
    const std::int64_t until = base::deadline_after(grace);
    std::chrono::microseconds step{20};
    while (s.live() > 0 && base::now_ns() < until && !nobody_can_wake()) {
        sleep_for(step);
        if (step < std::chrono::milliseconds(1)) step *= 2;
    }
}

/// Ends the threads. One that is stuck in a goroutine past `grace` is left to itself: its next park ends it.
inline void end_threads(sched::Scheduler& s, std::chrono::milliseconds grace) {
    sched::stop_threads(s);
    const std::int64_t until = base::deadline_after(std::max(grace, std::chrono::milliseconds(10)));
    for (auto& w : s.workers) {
        std::chrono::microseconds step{5};
        while (!w->exited.load(std::memory_order_acquire) && base::now_ns() < until) {
            sleep_for(step);
            if (step < std::chrono::milliseconds(1)) step *= 2;
        }
        const bool ended = w->exited.load(std::memory_order_acquire);
        if (w->thread.joinable()) ended ? w->thread.join() : w->thread.detach();
        if (ended) w->records.settle(); // whoever woke a goroutine last may hold the scheduler for a moment yet
    }
}

/// Goroutines that never started. They are kept, unrun, and whoever waits for their result is told.
inline std::size_t abandon_queued(sched::Scheduler& s) {
    static auto& kept = *new std::vector<task::Task*>; // so that a leak checker sees that they are owned
    static base::SpinLock lock;
    const std::lock_guard<base::SpinLock> guard(lock);
    std::size_t count = 0;
    auto abandon = [&count](sched::Runnable r) {
        if (!r.is_task()) return;
        ++count;
        r.task()->abandon();
        kept.push_back(r.task());
    };
    sched::Runnable r;
    while (s.injected.pop(&r, 1)) abandon(r);
    for (auto& w : s.workers) { // as a thief: a worker that is stuck in a goroutine may still use its queue
        while (w->queue.steal(&r, 1)) abandon(r);
        if ((r = w->queue.next()) && w->queue.steal_next(r)) abandon(r);
    }
    if (count) base::say("gofer: run ended before %zu goroutines had started; they never will\n", count);
    return count;
}

/// All of it. `s` is released by the caller afterwards.
inline void shut_down(sched::Scheduler& s, std::chrono::milliseconds grace, bool fatal_leaks) {
    s.end_companion();
    await_goroutines(s, grace);
    end_threads(s, grace);
    sched::adopt_timers(s);
    const std::size_t left = s.live() == 0 ? 0 : abandon_queued(s) + abandon_all(s);
    if (left) wait::Recall::instance().look_again();
    if (left && fatal_leaks)
        base::fatal("gofer: %zu goroutines were left at the end of run, and Leaks::abort is set", left);
    sched::Monitor::instance().remove(s);
}

} // namespace gofer::inline v1::debug

// The end of a runtime: the grace for goroutines that are left, the end of its threads, and the account of what
// remains. Called from a plain thread or from a goroutine of another runtime, so it waits by sleeping in small steps.
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>

#include <gofer/debug/growing_pause.hpp>
#include <gofer/debug/leaks.hpp>
#include <gofer/debug/orphans.hpp>
#include <gofer/debug/outlook.hpp>
#include <gofer/debug/search_pace.hpp>
#include <gofer/debug/unwind.hpp>
#include <gofer/sched/arm.hpp>
#include <gofer/sched/monitor.hpp>
#include <gofer/sched/worker_thread.hpp>
#include <gofer/wait/recall.hpp>

namespace gofer::inline v1::debug {

/// True when nobody is left who could wake the goroutines of a runtime whose end the calling thread awaits.
inline bool nobody_can_wake() {
    if (sched::this_worker()) return false; // the caller's own runtime lives
    const Outlook outlook = judge();
    return outlook.hopeless && outlook.others == 1; // the caller
}

/// How long goroutines have had to end by themselves before all threads are stopped to see whether they ever will, and how
/// long that may take, until they stand still included.
inline constexpr std::chrono::milliseconds before_search{5};
inline constexpr std::chrono::milliseconds longest_search{50};

/// True when it is proven for each that is left (orphans.hpp).
[[gnu::noinline, gnu::cold]] inline bool all_are_orphans(const sched::Scheduler& s) noexcept {
    std::size_t ours = 0;
    const std::int64_t began = base::now_ns();
    const bool judged = count_orphans(s, std::chrono::nanoseconds(longest_search).count(), ours);
    search_pace().end(began, base::now_ns(), judged);
    return judged && ours > 0 && ours == s.live();
}

/// Waits until all have ended, or it is known that they never will, or for so long. The proof that those left are
/// leaked takes as long as there is memory in use, so it is tried once, where the rest of the grace is longer than it
/// may take, and not at every run where there are many (search_pace.hpp). (The report does not say that it was found:
/// whether it is, is a matter of time.)
inline void await_goroutines(sched::Scheduler& s, std::chrono::milliseconds grace) {
    const std::int64_t until = base::deadline_after(grace);
    const std::int64_t last_search = until - std::chrono::nanoseconds(longest_search).count();
    std::int64_t search_at = base::deadline_after(before_search);
    GrowingPause pause(std::chrono::microseconds(20));
    while (s.live() > 0 && base::now_ns() < until && !nobody_can_wake()) {
        pause();
        const std::int64_t now = base::now_ns();
        if (s.live() == 0 || now < search_at || now > last_search || !search_pace().begin(now)) continue;
        if (all_are_orphans(s)) return;
        search_at = base::never;
    }
}

/// Ends the threads. One that is stuck in a goroutine past `grace`, and had a processor meanwhile, is left to itself: its
/// next park ends it.
inline void end_threads(sched::Scheduler& s, std::chrono::milliseconds grace) {
    sched::stop_threads(s);
    const std::int64_t until = base::deadline_after(std::max(grace, std::chrono::milliseconds(10)));
    for (auto& w : s.workers) {
        const auto has_ended = [&w] { return w->exited.load(std::memory_order_acquire); };
        sched::await_worker(*w, until, has_ended, GrowingPause(std::chrono::microseconds(5)));
        sched::part_from(*w);
    }
}

/// What is left when the threads have ended, or are stuck.
inline void settle_leaks(sched::Scheduler& s, std::chrono::milliseconds grace, bool fatal_leaks) {
    sched::Unstarted unstarted;
    sched::Resumable resumable;
    sched::take_queued(s, unstarted, resumable);
    if (!unstarted.empty())
        base::say("gofer: run ended before %zu goroutines had started; they never will\n", unstarted.size());
    const std::size_t left = unstarted.size() + name_left(s);
    if (left && fatal_leaks)
        base::fatal("gofer: %zu goroutines were left at the end of run, and Leaks::abort is set", left);
    const task::Goroutine* still_running = nullptr;
    if (left && s.unwinds) still_running = unwind_all(s, unstarted, resumable, std::max(grace, unwinding_patience));
    sched::abandon(unstarted);
    sched::abandon_left(s, still_running);
    if (left) wait::Recall::instance().look_again();
}

/// All of it. `s` is released by the caller afterwards.
inline void shut_down(sched::Scheduler& s, std::chrono::milliseconds grace, bool fatal_leaks) {
    s.end_companion();
    await_goroutines(s, grace);
    end_threads(s, s.unwinds ? std::max(grace, unwinding_grace) : grace);
    sched::adopt_timers(s);
    if (s.live() > 0) settle_leaks(s, grace, fatal_leaks);
    sched::Monitor::instance().remove(s);
}

} // namespace gofer::inline v1::debug

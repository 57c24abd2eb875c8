// How a stand-in works: a worker that the monitor has called because others are stuck (rescue.hpp, roster.hpp). It
// takes over what waits behind the stuck ones and runs it, until they are back; then it hands on what it has, and
// rests.
//
// It must not be eaten at once by the next goroutine that computes, while the timers and channels it came for wait
// again. So it prefers those that have given way before: resumed goroutines, less those once found stuck. The others
// (strangers: fresh goroutines, and hogs) get a turn when there is nobody else, and one each millisecond; but not for a
// while after a stand-in got stuck in one, longer each time. So the more of them hold a thread, the slower it goes on,
// and the last stand-ins are left to those that flow.
//
// It passes through its loop at every turn: it is there for the emergency, and gives up its licence at once.
#pragma once

#include <algorithm>

#include <gofer/sched/monitor.hpp>
#include <gofer/sched/search.hpp>

namespace gofer::inline v1::sched {

inline constexpr std::int64_t stranger_turn_ns = 1'000'000;
inline constexpr std::int64_t round_ns = 500'000;
inline constexpr std::int64_t rest_ns = 2'000'000'000; // before its thread ends

inline bool is_stranger(Runnable r, std::int64_t now) noexcept {
    return r.is_task() || r.goroutine()->hog_until.load(std::memory_order_relaxed) > now;
}

/// Strangers on the stack, the others in line: see run_queue.hpp.
inline void take_in(Worker& w, const Runnable* taken, std::uint32_t n, std::int64_t now) noexcept {
    for (std::uint32_t i = 0; i < n; ++i)
        is_stranger(taken[i], now) ? w.queue.push(taken[i]) : w.queue.push_in_line(taken[i]);
}

/// What came from outside, and all that waits behind those who are stuck.
inline void take_over(Worker& w, std::int64_t now) noexcept {
    Scheduler& s = *w.scheduler;
    w.next_round = now + round_ns;
    if (!w.loot) w.loot = std::make_unique<Runnable[]>(steal_batch);
    take_in(w, w.loot.get(), s.injected.empty() ? 0 : s.injected.pop(w.loot.get(), steal_batch), now);
    for (auto& v : s.workers) {
        if (v.get() == &w || !v->stuck.load(std::memory_order_relaxed)) continue;
        const std::uint32_t n = v->queue.take_all(w.loot.get(), steal_batch);
        count_steals(w, *v, n);
        take_in(w, w.loot.get(), n, now);
        fire_timers(w, *v, now);
    }
}

inline Runnable pop_resumed(Worker& w, std::int64_t now) noexcept {
    for (;;) {
        const Runnable r = w.queue.pop_resumed();
        if (!r || !is_stranger(r, now)) return r;
        w.queue.push(r);
    }
}

inline std::int64_t strangers_from(const Worker& w) noexcept {
    return w.scheduler->trouble.strangers_from.load(std::memory_order_relaxed);
}

inline Runnable choose_as_stand_in(Worker& w, std::int64_t now) noexcept {
    fire_timers(w, w, now);
    if (now >= w.next_round) take_over(w, now);
    const bool strangers = now >= strangers_from(w);
    Runnable r;
    if (strangers && now >= w.leash_end) {
        w.leash_end = now + stranger_turn_ns;
        r = w.queue.pop_oldest_pushed();
    }
    if (!r) r = pop_resumed(w, now);
    if (r) return r;
    take_over(w, now);
    r = pop_resumed(w, now);
    if (!r && strangers) r = w.queue.pop_pushed();
    if (!r && strangers) r = search(w);
    return r;
}

/// While strangers have to wait, what waits in queues is no reason to wake it: it looks around by the clock.
inline void wait_for_strangers(Worker& w, std::int64_t now) noexcept {
    if (w.searcher) w.scheduler->leave_office(w);
    w.scheduler->workers.nap(w, std::min({now + round_ns, w.timers.earliest(), strangers_from(w)}));
}

inline void sleep_as_stand_in(Worker& w) noexcept {
    Scheduler& s = *w.scheduler;
    w.has_run = false;
    s.idle.announce_sleep(w);
    base::heavy_barrier();
    if ((s.work_in_sight() && s.idle.call()) || !w.pinned.empty() || s.workers.surplus() ||
        s.stopped.load(std::memory_order_relaxed)) {
        s.idle.get_up(w);
        return;
    }
    if (!s.idle.wait(w, w.timers.earliest())) return;
    w.wakeups.add();
    Monitor::instance().note_busy();
}

/// Gives all it has to the others, those that flow first.
inline void hand_on(Worker& w) noexcept {
    Scheduler& s = *w.scheduler;
    while (const Runnable r = w.queue.pop_resumed()) s.inject(r);
    while (const Runnable r = w.queue.pop_pushed()) s.inject(r);
    w.queue.shed();
    if (w.searcher) s.leave_office(w);
}

/// The timers of a stand-in that rests wake and start goroutines for the others. What a Due step makes ready lands in the
/// queue of the worker it runs on, at which nobody looks who has work of his own. Meanwhile it serves: who looks for
/// deadlocks does not see those who rest, and would find neither the timer any more nor the goroutine yet.
inline void fire_timers_for_others(Worker& w, std::int64_t now) noexcept {
    if (w.timers.earliest() > now) return;
    w.scheduler->workers.end_rest(w);
    if (fire_timers(w, w, now)) hand_on(w);
}

/// Rests until called. False: it has rested for long, and its thread is to end.
inline bool rest(Worker& w) noexcept {
    Scheduler& s = *w.scheduler;
    if (!s.workers.stand_down(w)) return true;
    w.has_run = false; // the monitor may sleep by the time that the rest is over
    const std::int64_t end = base::now_ns() + rest_ns;
    while (s.workers.resting(w)) {
        const bool needed = w.timers.size() > 0 || w.pin_count.load(std::memory_order_relaxed) > 0;
        s.workers.rest(w, needed ? w.timers.earliest() : end);
        const std::int64_t now = base::now_ns();
        fire_timers_for_others(w, now);
        if (!needed && now >= end && s.workers.end_service(w)) return false;
    }
    return true;
}

/// The next thing to run; nothing when the runtime has stopped, or the thread is to end.
[[gnu::noinline]] inline Runnable find_work_as_stand_in(Worker& w) noexcept {
    Scheduler& s = *w.scheduler;
    for (;;) {
        if (s.stopped.load(std::memory_order_relaxed)) return {};
        w.attention.store(true, std::memory_order_relaxed); // for the next turn
        w.count_turn();
        s.workers.unmark(w);
        w.forget_departed();
        Runnable pinned;
        if (!w.pinned.empty() && (++w.pinned_turns & 1) && w.pinned.pop(&pinned, 1)) return found(w, pinned);
        if (s.workers.surplus()) {
            hand_on(w);
            if (!rest(w)) return {};
            continue;
        }
        const std::int64_t now = base::now_ns();
        if (const Runnable r = choose_as_stand_in(w, now)) return found(w, r);
        if (!w.pinned.empty()) continue;
        now < strangers_from(w) ? wait_for_strangers(w, now) : sleep_as_stand_in(w);
    }
}

inline constexpr std::uint32_t share_of_stuck = 64;

/// A regular worker that takes turns: what waits behind those who are stuck does not wait until it has nothing else to do.
[[gnu::noinline]] inline void look_after_stuck(Worker& w, std::int64_t now) noexcept {
    w.next_round = now + round_ns;
    Runnable taken[share_of_stuck];
    for (auto& v : w.scheduler->workers) {
        if (v.get() == &w || !v->stuck.load(std::memory_order_relaxed)) continue;
        if (v->timers.earliest() <= now) fire_timers(w, *v, now);
        const Runnable next = v->queue.next();
        if (next && v->queue.steal_next(next)) w.queue.push_in_line(next);
        const std::uint32_t n = v->queue.steal(taken, share_of_stuck);
        for (std::uint32_t i = 0; i < n; ++i) w.queue.push_in_line(taken[i]);
        count_steals(w, *v, n);
    }
}

} // namespace gofer::inline v1::sched

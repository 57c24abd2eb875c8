// The searcher: looks for work at the other workers, and waits for some to appear.
//
// What is worth stealing? Waking or moving costs tens of microseconds, so only what would wait about that long where
// it is. A thief compares looks, some microseconds apart:
// - a queue whose length, at the rate at which its worker takes turns, means a longer wait;
// - an oldest entry that has not moved (the root of a tree that its worker is busy with);
// - a next goroutine whose worker has taken no turn since (it computes on).
// A ping-pong pair or a channel that flows from one goroutine to the other is left where it is, together and in one
// cache. So are, for a while, suspended goroutines whose turns are shorter than the move of a stack from cache to
// cache: four producers and four consumers of one channel cost 48 ns an element when they are torn apart, and 16
// together. What was pushed has no stack yet, and may be a tree.
//
// It gives up when nothing has moved for 2.5 ms: one who computes may wake somebody soon, and if the thief sleeps by then,
// its thread has to be woken (10 us of the waker's time, and up to 300 us until it runs). Where one computes for 2 ms at a
// time and wakes another one then, that one has waited for 47 us (p50) and 87 us (p99), and 52 and 97 to 296 us when the
// thief gave up after 150 us. Naps and looks take a fifth of a processor; where all the others sleep it sleeps at once.
//
// Tried, and not kept: who wakes a thief takes the first look for it, so that it can take what does not move at once. It
// decides 10 us earlier so and has its goroutine no earlier (64 us after the wake-up, on a virtual machine: 40 until the
// system runs the thread, and some 17 for the barrier of the steal, which interrupts the processor of the one who computes).
#pragma once

#include <algorithm>
#include <utility>

#include <gofer/sched/monitor.hpp>
#include <gofer/sched/ready.hpp>
#include <gofer/sched/recorder.hpp>
#include <gofer/sched/scheduler.hpp>

namespace gofer::inline v1::sched {

inline constexpr std::int64_t stuck_ns = 10'000;       // for what does not move at all
inline constexpr std::int64_t short_turn_ns = 1'000;    // about what a stack that changes caches costs
inline constexpr std::int64_t lasting_ns = 2'000'000;   // what is long for longer is worth that even so
inline constexpr std::int64_t comparable_ns = 1'000'000; // looks further apart say nothing, unless it took no turn at all
inline constexpr std::int64_t look_interval_ns = 5'000;
inline constexpr std::int64_t nap_ns = 25'000;
inline constexpr std::int64_t longer_nap_ns = 40'000;  // when nothing has moved for six naps
inline constexpr unsigned looks_before_nap = 4;
inline constexpr std::int64_t quiet_ns = 2'500'000;    // without any movement, before it sleeps
inline constexpr std::uint32_t steal_batch = 4096;

/// Fires what is due on `of`'s heap and queues it at `w`, the caller's worker.
inline bool fire_timers(Worker& w, Worker& of, std::int64_t now) noexcept {
    if (of.timers.earliest() > now) return false;
    Woken woken;
    of.timers.fire_due(now, woken);
    w.scheduler->send_all_to_pins(woken.pinned);
    const bool any = !woken.crowd.empty();
    if (any) {
        w.queue.push_in_line_all(woken.crowd);
        w.scheduler->notify();
    }
    return woken.run_due() || any;
}

inline Runnable take_stolen(Worker& w, const Worker& from, const Runnable* stolen, std::uint32_t n) noexcept {
    count_steals(w, from, n);
    for (std::uint32_t i = n; i-- > 1;) w.queue.push(stolen[i]); // newest end last: the oldest of them runs first
    return stolen[0];
}

/// What the victim looks like now, beside the thief's last look at it.
inline Look look(const Worker& victim, const Look& last, std::int64_t now) noexcept {
    Look seen;
    seen.time = seen.oldest_since = seen.long_since = now;
    seen.turns = victim.turns.load(std::memory_order_relaxed);
    const bool comparable = last.time != 0 && (now - last.time < comparable_ns || seen.turns == last.turns);
    seen.oldest = victim.queue.oldest_number();
    seen.length = victim.queue.size();
    seen.next = victim.queue.next();
    if (!comparable) return seen;
    const std::uint32_t turns = seen.turns - last.turns;
    seen.turn_ns = (now - last.time) / (turns ? turns : 1);
    seen.next_is_stuck = turns == 0;
    if (last.length > 0 && seen.oldest == last.oldest) seen.oldest_since = last.oldest_since;
    if (seen.is_long() && last.is_long()) seen.long_since = last.long_since;
    return seen;
}

inline bool worth_stealing(const Worker& victim, const Look& seen) noexcept {
    if (seen.length == 0) return false;
    const bool pushed = victim.queue.pushed() > 0;
    if (seen.time - seen.oldest_since >= (pushed ? stuck_ns : Look::worth_moving_ns)) return true;
    return seen.is_long() && (pushed || seen.turn_ns >= short_turn_ns || seen.time - seen.long_since >= lasting_ns);
}

/// One look at one victim; steals if this one and the last say that it is worth it.
inline Runnable look_at(Worker& thief, Worker& victim, std::int64_t now) noexcept {
    Look& last = thief.looks[victim.index];
    if (now - last.time < stuck_ns) return {};
    const Look seen = last = look(victim, last, now);
    if (worth_stealing(victim, seen)) {
        if (!thief.loot) thief.loot = std::make_unique<Runnable[]>(steal_batch);
        if (const std::uint32_t n = victim.queue.steal(thief.loot.get(), steal_batch))
            return take_stolen(thief, victim, thief.loot.get(), n);
    }
    Runnable next = seen.next;
    if (next && seen.next_is_stuck && victim.queue.steal_next(next)) return take_stolen(thief, victim, &next, 1);
    return {};
}

/// One round over everything outside the worker's own queue.
inline Runnable look_around(Worker& w, std::int64_t now, std::uint64_t& movement) noexcept {
    Scheduler& s = *w.scheduler;
    Runnable batch[32];
    const std::uint32_t n = s.workers.ever();
    const std::uint32_t share = std::min<std::uint32_t>(32, s.injected.size() / n + 1);
    if (!s.injected.empty())
        if (const std::uint32_t got = s.injected.pop(batch, share)) {
            for (std::uint32_t i = got; i-- > 1;) w.queue.push(batch[i]);
            return batch[0];
        }
    movement = 0;
    for (std::uint32_t i = 0, v = w.random.below(n); i < n; ++i, v = v + 1 == n ? 0 : v + 1) {
        Worker& victim = *s.workers[v];
        if (&victim == &w) continue;
        movement += victim.turns.load(std::memory_order_relaxed) + victim.queue.size();
        if (Runnable r = look_at(w, victim, now)) return r;
        if (victim.timers.earliest() < now - 1'000'000 && fire_timers(w, victim, now)) return w.queue.pop();
    }
    return {};
}

inline void spin_until(std::int64_t deadline) noexcept {
    while (base::now_ns() < deadline)
        for (int i = 0; i < 32; ++i) base::cpu_relax();
}

/// Searches until something is found or nothing has moved for a while; the office is held at the end either way.
[[gnu::noinline]] inline Runnable search(Worker& w) noexcept {
    Scheduler& s = *w.scheduler;
    if (!w.searcher && !s.idle.take_office(w)) return {};
    std::uint64_t movement = 0, before = 0;
    std::int64_t now = base::now_ns();
    std::int64_t moved_at = now;
    for (unsigned looks = 0; now - moved_at < quiet_ns; ++looks, now = base::now_ns()) {
        if (s.stopped.load(std::memory_order_relaxed)) return {};
        fire_timers(w, w, now);
        Runnable r = w.queue.pop();
        if (!r && !w.pinned.empty()) return {}; // the loop knows its own
        if (!r) r = look_around(w, now, movement);
        if (r) return r;
        if (s.idle.sleeping() + 1 == s.workers.on_duty()) return {}; // nobody runs who could add work
        if (std::exchange(before, movement) != movement) moved_at = now;
        const std::int64_t nap = now - moved_at < 6 * nap_ns ? nap_ns : longer_nap_ns;
        if (looks < looks_before_nap)
            spin_until(now + look_interval_ns);
        else
            s.idle.nap(w, std::min(now + nap, w.timers.earliest()));
    }
    return {};
}

/// The worker goes to run `r`: nobody must rely on it as the searcher, and the monitor has to be awake, whatever it is that
/// woke this thread.
[[gnu::always_inline]] inline Runnable found(Worker& w, Runnable r) noexcept {
    if (w.searcher) w.scheduler->leave_office(w);
    if (!std::exchange(w.has_run, true)) Monitor::instance().note_busy();
    return r;
}

} // namespace gofer::inline v1::sched

// The loop of a worker. It runs on a pooled stack, calls fresh goroutines as plain functions on that stack, and
// switches to suspended ones, becoming a spare. A goroutine that parks keeps the stack with the loop frame under it;
// when it ends it returns into that frame, which carries on as the loop of whichever worker it is on by then. So the
// worker is asked for anew after every goroutine.
#pragma once

#include <algorithm>
#include <unistd.h>
#include <utility>

#include <gofer/base/separate.hpp>
#include <gofer/fiber/trim.hpp>
#include <gofer/sched/abandon.hpp>
#include <gofer/sched/monitor.hpp>
#include <gofer/sched/recorder.hpp>
#include <gofer/sched/search.hpp>
#include <gofer/sched/stand_in.hpp>
#include <gofer/sched/suspend.hpp>
#include <gofer/task/uncaught.hpp>

namespace gofer::inline v1::sched {

inline constexpr std::int64_t leash_ns = 1'000'000;
inline constexpr std::int64_t trim_interval_ns = 100'000'000;
inline constexpr std::size_t trim_budget = 512;
inline constexpr std::size_t idle_trim_budget = 4096; // between two, work is looked for

/// The pages of deep stacks, and when they were last looked at. Process-wide.
struct Housekeeping {
    fiber::Trimmer<Goroutine> trimmer{task::stack_pools()};
    std::atomic<std::int64_t> next_trim{0};
    std::atomic<bool> settled{true}; // the last pass found nothing to do, and no worker has run anything since

    [[gnu::visibility("default")]] static Housekeeping& instance() noexcept {
        static Housekeeping& housekeeping = *new Housekeeping;
        return housekeeping;
    }
    /// One slice of a pass when it is time: a small one of a worker between two goroutines, or larger ones, one
    /// after the other, of a worker that has nothing else to do.
    void step(std::int64_t now, bool idle) noexcept {
        if (now < next_trim.load(std::memory_order_relaxed)) return;
        next_trim.store(now + trim_interval_ns, std::memory_order_relaxed);
        const fiber::TrimPass pass = trimmer.step(idle ? idle_trim_budget : trim_budget, now);
        if (idle && pass == fiber::TrimPass::goes_on) next_trim.store(now, std::memory_order_relaxed);
        settled.store(pass == fiber::TrimPass::settled, std::memory_order_relaxed);
    }
};

[[gnu::visibility("default")]] inline std::atomic<std::uint64_t>& goroutine_ids() noexcept {
    static std::atomic<std::uint64_t> ids{1};
    return ids;
}

inline std::uint64_t next_goroutine_id(Worker& w) noexcept {
    if (w.next_id == w.last_id) [[unlikely]] {
        const std::uint64_t block = w.scheduler->unwinds ? 1 : 256; // the order counts there: the newest goes first
        w.next_id = goroutine_ids().fetch_add(block, std::memory_order_relaxed);
        w.last_id = w.next_id + block;
    }
    return w.next_id++;
}
/// What next_goroutine_id() will say.
inline std::uint64_t coming_goroutine_id(Worker& w) noexcept {
    const std::uint64_t id = next_goroutine_id(w);
    w.next_id = id;
    return id;
}

/// Runs a fresh goroutine to its end on the stack of the caller, which is `self`'s.
GOFER_UNINSTRUMENTED inline void run_task(Goroutine* self, Worker* w, Task* task) noexcept(false) {
    self->home = w->scheduler;
    self->worker = w;
    self->begin(next_goroutine_id(*w), *task);
    delete std::exchange(task->options, nullptr);
    w->current = self;
#if defined(GOFER_TSAN)
    self->tsan = __tsan_create_fiber(0);
    __tsan_switch_to_fiber(self->tsan, __tsan_switch_to_fiber_no_sync);
    base::tsan_acquire(task);
    base::tsan_acquire(&w->thread_began);
#endif
    task::run_outermost(task, *self);
    self->end_locals();
    w = static_cast<Worker*>(self->worker);
#if defined(GOFER_TSAN)
    base::tsan_release(&w->thread_ends);
    void* ended = self->tsan;
    self->tsan = nullptr;
    __tsan_switch_to_fiber(w->native.tsan, __tsan_switch_to_fiber_no_sync);
    __tsan_destroy_fiber(ended);
#endif
    w->current = nullptr;
    self->end();
    w->ended.add();
}

/// What a stack of a goroutine's own runs: that one goroutine, then it is given back.
GOFER_UNINSTRUMENTED inline void run_alone(fiber::Fiber* fiber, fiber::Carrier* carrier) {
    auto* self = static_cast<Goroutine*>(fiber);
    run_task(self, static_cast<Worker*>(carrier), std::exchange(self->first_task, nullptr));
    auto* w = static_cast<Worker*>(self->worker);
    w->set_after(after_retire, nullptr);
    fiber::switch_fiber(w, self, take_spare(*w), fiber::Leaving::for_good);
}

inline Goroutine* make_own_stack(Task* task) noexcept {
    auto& pools = task::stack_pools();
    auto* g = static_cast<Goroutine*>(pools.take(pools.class_of(task->options->stack_size), 1));
    fiber::forget_frames(g->bottom, reinterpret_cast<char*>(g));
    fiber::prepare<run_alone>(*g);
    g->first_task = task;
    return g;
}

/// A goroutine that must run here, in alternation with the others; and every eighth turn is for the rest of attend(). While
/// some are left the loop is due at each turn.
inline Runnable take_pinned(Worker& w) noexcept {
    if (w.pinned.empty()) [[likely]]
        return {};
    w.attention.store(true, std::memory_order_relaxed);
    const unsigned turn = ++w.pinned_turns & 7;
    Runnable r;
    if (turn == 0) return r;
    if (turn == 4) r = w.queue.pop_line();
    if (!r && turn % 2 == 0) r = w.queue.pop();
    if (!r) w.pinned.pop(&r, 1);
    return r;
}

/// Every now and then, at a turn: timers, work from outside, and the turn of those who waited longest.
[[gnu::noinline]] inline Runnable attend(Worker& w) noexcept {
    Scheduler& s = *w.scheduler;
    w.attention.exchange(false, std::memory_order_acquire); // partner: send_to_pin(). A store might overtake its own
    s.workers.unmark(w);
    const std::int64_t now = base::now_ns();
    fire_timers(w, w, now);
    if (s.workers.anyone_stuck() && now >= w.next_round) [[unlikely]] look_after_stuck(w, now);
    if (Runnable r = take_pinned(w)) return r;
    Housekeeping::instance().step(now, false);
    if (!s.injected.empty()) {
        Runnable r;
        if (s.injected.pop(&r, 1)) return r;
    }
    if (now < w.leash_end) return {};
    w.leash_end = now + leash_ns;
    return w.queue.pop_fair();
}

/// Sleeps until there may be work again. Its own timers are covered by the sleep, those of workers that run by
/// themselves, and those of workers that are stuck by the monitor.
[[gnu::noinline]] inline void sleep(Worker& w) noexcept {
    Scheduler& s = *w.scheduler;
    auto& housekeeping = Housekeeping::instance();
    if (std::exchange(w.has_run, false)) {
        housekeeping.settled.store(false, std::memory_order_relaxed);
        w.queue.shed();
        s.injected.shed();
    }
    w.forget_departed();
    s.idle.announce_sleep(w);
    base::heavy_barrier();
    if ((s.work_in_sight() && s.idle.call()) || !w.pinned.empty() || s.stopped.load(std::memory_order_relaxed)) {
        s.idle.get_up(w);
        return;
    }
    std::int64_t until = w.timers.earliest();
    if (!housekeeping.settled.load(std::memory_order_relaxed)) {
        const std::int64_t now = base::now_ns();
        until = std::min(until, std::max(now, housekeeping.next_trim.load(std::memory_order_relaxed)) + 1);
    }
    if (s.idle.wait(w, until)) {
        w.wakeups.add();
        Monitor::instance().note_busy();
        return;
    }
    housekeeping.step(base::now_ns(), true);
    if (w.timers.earliest() != never || !w.pinned.empty()) Monitor::instance().note_busy();
}

using Find = Runnable (*)(Worker&) noexcept;

/// While the flight recorder is on every turn is the loop's: it calls for its own attention again and again, so that
/// nothing is asked on the way from one goroutine straight to the next.
[[gnu::noinline, gnu::cold]] inline void note_found(Worker& w, Runnable r) noexcept {
    if (r) note_run(w, r, r.is_task() ? coming_goroutine_id(w) : r.goroutine()->id);
    w.attention.store(true, std::memory_order_relaxed);
}
[[gnu::noinline, gnu::cold]] inline Runnable find_recorded(Worker& w, Find find) noexcept {
    note_loop(w);
    const Runnable r = find(w);
    note_found(w, r);
    return r;
}
[[gnu::noinline]] inline Runnable find_as_stand_in(Worker& w) noexcept {
    return recording() ? find_recorded(w, find_work_as_stand_in) : find_work_as_stand_in(w);
}

enum class Recorded : bool { no, yes };

/// The next thing to run; nothing when the runtime has stopped, or this thread is to end.
template <Recorded recorded = Recorded::no>
Runnable find_work(Worker& w) noexcept {
    if (recorded == Recorded::no && w.stand_in()) [[unlikely]]
        return find_as_stand_in(w);
    Scheduler& s = *w.scheduler;
    for (;;) {
        if (s.stopped.load(std::memory_order_relaxed)) [[unlikely]] return {};
        Runnable r;
        // The turn of what is found here is counted after this question, and a due one must not be stepped over.
        if ((w.turns.load(std::memory_order_relaxed) & 31) == 31) w.count_turn();
        if (w.loop_is_due()) {
            if (recorded == Recorded::no && recording()) return find_recorded(w, find_work<Recorded::yes>);
            r = attend(w);
        }
        if constexpr (recorded == Recorded::yes) // left to us by choose_next(), which has counted a turn as we do
            if (!r && Worker::is_turn_of_line(w.turns.load(std::memory_order_relaxed) & ~1u)) r = w.queue.pop_line();
        if (!r) r = w.queue.pop();
        if (!r && !w.pinned.empty()) [[unlikely]] w.pinned.pop(&r, 1);
        if (!r && fire_timers(w, w, base::now_ns())) r = w.queue.pop();
        if (!r) {
            r = search(w);
            if (recorded == Recorded::no && r && recording()) [[unlikely]] // it began during the search
                note_found(w, r);
        }
        if (r) return found(w, r);
        sleep(w);
    }
}

/// The process is exiting: its threads end with it, and nothing of ours may run beside static destructors.
inline void stand_still_at_exit(Worker& w) noexcept {
    if (!w.scheduler->frozen.load(std::memory_order_relaxed)) return;
    w.frozen.store(true, std::memory_order_release); // partner: await_standstill()
    for (;;) ::pause();
}

#if GOFER_WITH_BODIES
/// The body of every loop stack. Left by switching away: to a goroutine (it becomes a spare, and goes on here later)
/// or, at the end, to the thread's own stack.
GOFER_UNINSTRUMENTED GOFER_SEPARABLE void run_loop(fiber::Fiber* fiber, fiber::Carrier* carrier) {
    auto* self = static_cast<Goroutine*>(fiber);
    auto* w = static_cast<Worker*>(carrier);
    for (;;) {
        Runnable r = std::exchange(w->handed, Runnable{});
        const bool counted = static_cast<bool>(r); // by who left to us; twice, and choose_next() would see odd turns only
        if (!counted) r = find_work(*w);
        if (!r) break;
        if (w->scheduler->stopped.load(std::memory_order_relaxed)) [[unlikely]] {
            w->queue.push(r); // stays where the shutdown finds it
            if (recording()) note_not_run(*w);
            break;
        }
        if (!counted) w->count_turn();
        if (r.is_task() && !(r.task()->options && r.task()->options->stack_size)) {
            run_task(self, w, r.task());
            w = static_cast<Worker*>(self->worker);
            if (w->arithmetic.is_changed()) [[unlikely]]
                w->arithmetic.restore();
            if constexpr (base::tsan_build) { // a fresh stack each time: the next one must not meet this one's frames
                w->set_after(after_retire, nullptr);
                fiber::switch_fiber(w, self, take_spare(*w), fiber::Leaving::for_good);
            }
            continue;
        }
        Goroutine* next = r.is_task() ? make_own_stack(r.task()) : r.goroutine();
        if (!r.is_task()) {
            next->resumes();
            w->current = next;
        }
        w->set_after(after_keep_spare, w);
        w = static_cast<Worker*>(fiber::switch_fiber(w, self, next));
    }
    must_not_be_forked("a goroutine ends, and no other is there");
    if (recording()) note_loop(*w);
    stand_still_at_exit(*w);
    abandon_late(*w->scheduler);
    w->set_after(after_retire, nullptr);
    fiber::switch_fiber(w, self, &w->native, fiber::Leaving::for_good);
}
#endif

} // namespace gofer::inline v1::sched

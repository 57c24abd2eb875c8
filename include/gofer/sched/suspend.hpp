// Leaving a goroutine: straight to the next one that was suspended, or to a loop if there is none or a fresh one
// comes next. One switch, not two.
#pragma once

#include <thread>

#include <gofer/fiber/switch.hpp>
#include <gofer/sched/death.hpp>
#include <gofer/sched/fork.hpp>
#include <gofer/sched/ready.hpp>
#include <gofer/sched/recorder.hpp>
#include <gofer/sched/scheduler.hpp>

namespace gofer::inline v1::sched {

void run_loop(fiber::Fiber* self, fiber::Carrier* carrier);

inline constexpr unsigned spares_at_hand = 64;
inline constexpr unsigned spares_taken_at_once = 8;

/// A stack whose loop is suspended, or a new one. What it does next stands in `handed`.
inline Goroutine* take_spare(Worker& w) noexcept {
    if (!w.spares) {
        w.spares = task::stack_pools().take(w.scheduler->stack_class, spares_taken_at_once);
        w.spare_count = 0;
        for (fiber::Fiber* f = w.spares; f; f = f->next) ++w.spare_count;
    }
    auto* spare = static_cast<Goroutine*>(w.spares);
    w.spares = spare->next;
    --w.spare_count;
    if (!spare->context.load(std::memory_order_relaxed)) {
        fiber::forget_frames(spare->bottom, reinterpret_cast<char*>(spare));
        fiber::prepare<run_loop>(*spare);
    }
    return spare;
}

/// A loop taken out of its pool is made anew when it is used again, since its worker may be gone by then.
inline void retire(fiber::Fiber* first, fiber::Fiber* last) noexcept {
    for (fiber::Fiber* f = first;; f = f->next) {
        f->context.store(nullptr, std::memory_order_relaxed);
        if (f == last) break;
    }
    task::stack_pools().give_back(first, last);
}

inline void keep_spare(Worker& w, fiber::Fiber* loop) noexcept {
    loop->next = w.spares;
    w.spares = loop;
    if (++w.spare_count < spares_at_hand) return;
    fiber::Fiber* last = w.spares; // the hot half stays
    for (unsigned i = 1; i < spares_at_hand / 2; ++i) last = last->next;
    fiber::Fiber* cold = last->next;
    last->next = nullptr;
    w.spare_count = spares_at_hand / 2;
    fiber::Fiber* end = cold;
    while (end->next) end = end->next;
    retire(cold, end);
}

/// After a switch: the loop that was left becomes a spare.
inline void after_keep_spare(void* worker, fiber::Fiber* departed) noexcept {
    keep_spare(*static_cast<Worker*>(worker), departed);
}

/// After a switch: the stack that was left is used no more.
inline void after_retire(void*, fiber::Fiber* departed) noexcept {
    departed->next = nullptr;
    retire(departed, departed);
}

/// The worker goes on with a goroutine that was suspended.
inline Goroutine* enter(Worker& w, Goroutine* next) noexcept {
    next->resumes();
    w.current = next;
    return next;
}

/// The worker goes on with a loop, which runs `handed`, or looks for something.
inline Goroutine* enter_loop(Worker& w, Runnable handed = {}) noexcept {
    w.handed = handed;
    w.current = nullptr;
    return take_spare(w);
}

/// The same from a goroutine, when the loop is due.
[[gnu::noinline]] inline Goroutine* leave_for_loop(Worker& w) noexcept {
    Goroutine& self = *w.current;
    if (self.extras && self.extras->held) left_with_lock(self); // it has called for the loop (checked_mutex.hpp)
    if (recording()) note_left(w, self);
    if (w.scheduler->stopped.load(std::memory_order_relaxed)) [[unlikely]] {
        const bool parks = self.state.load(std::memory_order_relaxed) == task::State::parked;
        parks ? must_not_be_forked(self.reason.load(std::memory_order_relaxed)) : must_not_be_forked("it yields");
    }
    return enter_loop(w);
}

/// Where the worker goes from a goroutine that leaves it.
inline Goroutine* choose_next(Worker& w) noexcept {
    const std::uint32_t turn = w.count_turn();
    Runnable r;
    if (Worker::is_turn_of_line(turn)) [[unlikely]] {
        if (w.loop_is_due()) return leave_for_loop(w);
        r = w.queue.pop_line();
    } else if (w.attention.load(std::memory_order_relaxed)) [[unlikely]] {
        return leave_for_loop(w);
    }
    if (!r) r = w.queue.pop_parking();
    return r && !r.is_task() ? enter(w, r.goroutine()) : enter_loop(w, r);
}

[[gnu::cold]] inline void check_canary(const Goroutine& g) noexcept {
    if (fiber::Guards::canary_of(g.bottom) != fiber::canary_word) overflowed(g);
}

/// Leaves `self`, the calling goroutine, for `next`; `after` runs on the other side, when it is suspended and may be seen.
/// Returns when somebody has made it ready, perhaps on another worker. The state is the caller's to set.
GOFER_SWITCHES inline void suspend_to(Worker* w, Goroutine* self, Goroutine* next, fiber::After after,
                                void* argument) noexcept {
    if (self->has_canary) [[unlikely]]
        check_canary(*self);
    w->set_after(after, argument);
    base::engine_release(&w->thread_ends);
    w = static_cast<Worker*>(fiber::switch_fiber(w, self, next));
    base::engine_acquire(&w->thread_began);
    self->worker = w;
}

/// After a switch: the goroutine that yielded is suspended, and thieves may have it.
inline void after_yield(void* worker, fiber::Fiber*) noexcept {
    auto* w = static_cast<Worker*>(worker);
    w->queue.release();
    w->scheduler->notify();
}
/// The same by way of the loop, which looks at the clock first.
inline void after_long_yield(void* worker, fiber::Fiber* departed) noexcept {
    auto* w = static_cast<Worker*>(worker);
    w->queue.push_in_line(Runnable(static_cast<Goroutine*>(departed)));
    w->scheduler->notify();
}

/// One that is pinned stands where no thief looks.
inline void after_pinned_yield(void* worker, fiber::Fiber* departed) noexcept {
    auto* w = static_cast<Worker*>(worker);
    w->pinned.push(Runnable(static_cast<Goroutine*>(departed)));
    w->attention.store(true, std::memory_order_relaxed);
}

/// A yield that the loop has to see. The goroutine stands in line before it knows it, or waits for its own worker.
[[gnu::noinline]] GOFER_UNINSTRUMENTED inline bool yield_to_loop(Worker* w, Goroutine* self) noexcept {
    self->yields();
    suspend_to(w, self, leave_for_loop(*w), self->pinned_to ? after_pinned_yield : after_long_yield, w);
    return self->must_unwind != self->id;
}

/// Lets the others have a turn. On a plain thread: std::this_thread::yield. False: the runtime is over, and the
/// caller is to throw Unwind.
GOFER_UNINSTRUMENTED inline bool yield() noexcept {
    Worker* w = this_worker();
    if (!w || !w->current) {
        std::this_thread::yield();
        return true;
    }
    base::EngineRegion engine;
    w->count_turn();
    Goroutine* self = w->current;
    bool goes_on = true;
    if (self->pinned_to || w->loop_is_due()) [[unlikely]] {
        goes_on = yield_to_loop(w, self);
    } else if (w->has_local_work()) {
        self->yields();
        const Runnable next = w->queue.exchange_and_hold(Runnable(self));
        if (next) suspend_to(w, self, next.is_task() ? enter_loop(*w, next) : enter(*w, next.goroutine()), after_yield, w);
    }
    self->resumes();
    return goes_on;
}

} // namespace gofer::inline v1::sched

// Making things runnable. Together with settle (the `after` of a switch) the only ways into the scheduler from above.
#pragma once

#include <gofer/sched/abandon.hpp>
#include <gofer/sched/plain_threads.hpp>
#include <gofer/sched/recorder.hpp>
#include <gofer/sched/scheduler.hpp>

namespace gofer::inline v1::sched {

inline Scheduler* home_of(const Goroutine* g) noexcept {
    return static_cast<Scheduler*>(g->home);
}

inline void queue_woken(Scheduler* home, Worker* w, Goroutine* g) noexcept {
    if (w && w->scheduler == home) [[likely]] {
        w->queue.push_next(Runnable(g));
        home->notify();
    } else {
        if (!w) PlainThreads::note();
        home->inject(Runnable(g));
    }
}

/// Who runs on `w`, which is no worker on a plain thread.
inline task::Waker waker_on(const Worker* w) noexcept {
    using Kind = task::Waker::Kind;
    const std::int64_t now = base::now_ns();
    if (const Goroutine* self = w ? static_cast<Goroutine*>(w->current) : nullptr)
        return {Kind::goroutine, w->scheduler->id, w->index, self->id, now};
    return {.kind = w ? Kind::unknown : Kind::thread, .time = now};
}

/// One that is pinned, or that wants to know who wakes it.
[[gnu::noinline, gnu::cold]] inline void wake_out_of_line(Scheduler* home, Worker* w, Goroutine* g) noexcept {
    g->woken_by(waker_on(w)) ? home->send_to_pin(g) : queue_woken(home, w, g);
}

/// Queues a parked goroutine. Exactly once for each park, by whoever claimed the wait. Any thread.
inline void make_runnable(Goroutine* g) noexcept {
    Scheduler* home = home_of(g);
    Worker* w = this_worker();
    g->becomes_runnable();
    if (g->pinned_to) [[unlikely]]
        return wake_out_of_line(home, w, g);
    queue_woken(home, w, g);
}

/// The same, and what the caller did happens before what the goroutine does next.
inline void ready(Goroutine* g) noexcept {
    base::engine_release(g); // partner: the acquire in Episode::park
    make_runnable(g);
}

/// Many at once, in their order, behind what waits already: one lock and at most one wake-up. All of them belong to `home`.
inline void ready_all(Scheduler* home, Crowd& crowd) noexcept {
    if (Goroutine* g = crowd.take_lone()) return make_runnable(g); // it runs next
    Worker* w = this_worker();
    if (w && w->scheduler == home) {
        w->queue.push_in_line_all(crowd);
        home->notify();
    } else {
        crowd.empty_into([home](Runnable r) { home->inject(r); });
    }
}

inline void start_beside(Scheduler* home, Worker* w, Task* task) noexcept {
    w->spawned.add();
    w->queue.push(Runnable(task));
    home->notify();
}

/// The runtime was stopped since the caller looked: if nobody has emptied its queue afterwards, nobody will. At exit it stays.
/// Those who wait for the task are told. It is destroyed, but kept on the loop of a worker, where no code of the user's may run.
[[gnu::noinline, gnu::cold]] inline void take_back(Scheduler& home, const Worker* w, Task* task) noexcept {
    if (home.frozen.load(std::memory_order_relaxed) || !home.injected.take_back(Runnable(task))) return;
    home.spawned_outside.fetch_sub(1, std::memory_order_relaxed);
    if (w && !w->current) return abandon({task});
    delete std::exchange(task->options, nullptr);
    const base::UserCode visible;
    task->destroy(nullptr);
}

/// From outside of `home`, or while starts are recorded.
[[gnu::noinline]] inline void start_out_of_line(Scheduler* home, Worker* w, Task* task) noexcept {
    if (recording())
        note_start(*task, waker_on(w));
    else if (w)
        w->starts_unrecorded.store(w->scheduler, std::memory_order_relaxed);
    base::tsan_release(task); // partner: the acquire in run_task
    if (w && w->scheduler == home) return start_beside(home, w, task);
    if (!w) PlainThreads::note();
    home->retain(); // as in inject()
    home->spawned_outside.fetch_add(1, std::memory_order_release);
    home->inject(Runnable(task));
    base::full_fence(); // partner: the heavy barrier in stop_threads, after which the queues are emptied
    if (home->stopped.load(std::memory_order_acquire)) [[unlikely]] // partner: exit, which sets `frozen` before
        take_back(*home, w, task);
    home->release();
}

/// Adds a task to `home`. Any thread.
inline void start(Scheduler* home, Worker* w, Task* task) noexcept {
    base::tsan_release(task); // partner: the acquire in run_task
    base::EngineRegion engine;
    if (w && w->starts_unrecorded.load(std::memory_order_relaxed) == home) [[likely]]
        start_beside(home, w, task);
    else
        start_out_of_line(home, w, task);
}

} // namespace gofer::inline v1::sched

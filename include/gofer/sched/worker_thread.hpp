// The life of a worker's thread, and starting and ending all threads of a scheduler.
#pragma once

#include <cstdio>
#include <pthread.h>
#include <sys/prctl.h>

#include <gofer/base/separate.hpp>
#include <gofer/sched/death.hpp>
#include <gofer/sched/exit.hpp>
#include <gofer/sched/loop.hpp>
#include <gofer/sched/monitor.hpp>
#include <gofer/sched/plain_threads.hpp>

namespace gofer::inline v1::sched {

/// Jumps from the thread's own stack into a loop, and comes back when the runtime has stopped.
GOFER_UNINSTRUMENTED inline void leave_native_stack(Worker* w) {
    w->set_after(fiber::after_nothing, nullptr);
    fiber::switch_fiber(w, &w->native, take_spare(*w));
}

inline void give_spares_back(Worker& w) noexcept {
    if (!w.spares) return;
    fiber::Fiber* last = w.spares;
    while (last->next) last = last->next;
    retire(w.spares, last);
    w.spares = nullptr;
    w.spare_count = 0;
}

/// The life of a thread that is a worker, around `body(w)`. Takes over one reference to the scheduler.
template <class Body>
void serve_as_worker(Worker* w, const char* name, Body body) {
    base::tsan_release(&w->thread_began);
    base::EngineRegion engine;
    ::pthread_setname_np(::pthread_self(), name);
    ::prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL); // naps of microseconds, timers on time
    const fiber::SignalStack signal_stack;
    w->scheduler->threads.fetch_add(1, std::memory_order_relaxed);
    ::pthread_getcpuclockid(::pthread_self(), &w->cpu_clock);
    w->tid.store(::gettid(), std::memory_order_release); // partner: Rescue::look_at
    if (w->stand_in()) base::ask_for_short_slices();
    w->bind_to_thread();
    set_this_worker(w);
    body(w);
    set_this_worker(nullptr);
    give_spares_back(*w);
    Scheduler* scheduler = w->scheduler;
    scheduler->threads.fetch_sub(1, std::memory_order_relaxed);
    base::tsan_ignore_end();
    base::tsan_acquire(&w->thread_ends);
    w->exited.store(true, std::memory_order_release); // partner: end_threads
    base::tsan_ignore_begin();
    scheduler->release();
}

inline void worker_thread(Worker* w) {
    char name[16];
    std::snprintf(name, sizeof name, "gofer-%u", w->index);
    serve_as_worker(w, name, leave_native_stack);
}

/// Parts from a worker whose thread has ended, or is stuck in a goroutine and ends by itself.
inline void part_from(Worker& w) {
    const bool ended = w.exited.load(std::memory_order_acquire);
    if (w.thread.joinable()) ended ? w.thread.join() : w.thread.detach();
    if (ended) w.records.settle(); // whoever woke a goroutine last may hold the scheduler for a moment yet
}

/// Starts the threads. Throws std::system_error when the system gives none.
inline void start_threads(Scheduler& s) {
    if (!this_worker()) PlainThreads::note();
    install_death_reports();
    install_exit_handler();
    Monitor::instance().add(s);
    if (recording()) call_to_record(s);
    for (auto& w : s.workers) {
        s.retain();
        try {
            w->thread = std::thread(worker_thread, w.get());
            if (s.never_joins) w->thread.detach();
        } catch (...) {
            s.release();
            throw;
        }
    }
}

} // namespace gofer::inline v1::sched

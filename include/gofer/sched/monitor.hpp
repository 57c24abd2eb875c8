// The monitor: one thread a process that looks after every scheduler each 10 ms while a worker is awake, and sleeps
// on its futex otherwise. What nobody else would notice in time, since the worker concerned is stuck in one
// goroutine: work and due timers behind it. It asks the stuck worker's loop for attention and wakes a sleeper.
//
// It also holds the registry of schedulers, for the reports. Lock: registry lock, then Idle's.
#pragma once

#include <atomic>
#include <pthread.h>
#include <thread>
#include <utility>

#include <gofer/sched/scheduler.hpp>

namespace gofer::inline v1::sched {

class Monitor {
public:
    static constexpr std::int64_t tick_ns = 10'000'000;
    static constexpr unsigned quiet_ticks = 5;

    [[gnu::visibility("default")]] static Monitor& instance() noexcept {
        static Monitor& monitor = *new Monitor; // never destroyed: its thread outlives main
        return monitor;
    }

    /// Registers a scheduler, and starts the monitor's thread with the first one.
    void add(Scheduler& s) {
        {
            base::EngineRegion engine;
            lock_.lock();
            s.next_scheduler = first_;
            first_ = &s;
            lock_.unlock();
        }
        static const bool started = [this] {
            std::thread([this] { watch(); }).detach();
            return true;
        }();
        static_cast<void>(started);
        note_busy();
    }

    void remove(Scheduler& s) noexcept {
        base::EngineRegion engine;
        lock_.lock();
        Scheduler** link = &first_;
        while (*link && *link != &s) link = &(*link)->next_scheduler;
        if (*link) *link = s.next_scheduler;
        lock_.unlock();
    }

    /// A worker left its sleep. Partner: the heavy barrier in watch().
    void note_busy() noexcept {
        base::light_barrier(asymmetric_);
        if (!asleep_.load(std::memory_order_relaxed)) return;
        word_.store(1, std::memory_order_release);
        base::futex_wake(&word_);
    }

    /// Calls `visit` with every scheduler there is, under the registry's lock.
    template <class Visit>
    void for_each(Visit visit) {
        lock_.lock();
        for (Scheduler* s = first_; s; s = s->next_scheduler) visit(*s);
        lock_.unlock();
    }

private:
    void watch() noexcept {
        base::EngineRegion engine;
        ::pthread_setname_np(::pthread_self(), "gofer-monitor");
        for (unsigned quiet = 0;;) {
            base::futex_wait_until(word_, 0, base::now_ns() + tick_ns);
            word_.store(0, std::memory_order_relaxed);
            quiet = look_after_all() ? 0 : quiet + 1;
            if (quiet >= quiet_ticks) {
                sleep();
                quiet = 0;
            }
        }
    }

    void sleep() noexcept {
        asleep_.store(true, std::memory_order_relaxed);
        base::heavy_barrier();
        bool busy = false;
        for_each([&busy](Scheduler& s) { busy = busy || !s.all_asleep(); });
        while (!busy && word_.load(std::memory_order_acquire) == 0) base::futex_wait_until(word_, 0, base::never);
        asleep_.store(false, std::memory_order_relaxed);
        word_.store(0, std::memory_order_relaxed);
    }

    bool look_after_all() noexcept {
        bool busy = false;
        const std::int64_t now = base::now_ns();
        for_each([&](Scheduler& s) {
            if (s.all_asleep() || s.stopped.load(std::memory_order_relaxed)) return;
            busy = true;
            for (auto& w : s.workers) look_after(s, *w, now);
        });
        return busy;
    }

    static void look_after(Scheduler& s, Worker& w, std::int64_t now) noexcept {
        const std::uint32_t turns = w.turns.load(std::memory_order_relaxed);
        if (std::exchange(w.turns_at_last_tick, turns) != turns) return;
        const bool waiting = w.has_local_work() || !s.injected.empty() || w.timers.earliest() <= now;
        if (!waiting) return;
        w.attention.store(true, std::memory_order_relaxed);
        if (s.idle.sleeping() > 0) s.idle.wake_one();
    }

    const bool asymmetric_ = base::asymmetric_barriers();
    base::SpinLock lock_;
    Scheduler* first_ = nullptr;
    base::FutexWord word_{0};
    std::atomic<bool> asleep_{false};
};

} // namespace gofer::inline v1::sched

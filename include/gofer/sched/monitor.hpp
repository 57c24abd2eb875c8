// The monitor: one thread a process that looks after every scheduler each few milliseconds while a worker is awake, and
// sleeps on its futex otherwise. What nobody else would notice in time, since the worker concerned is stuck in one
// goroutine: work and due timers behind it. What is done about it stands in rescue.hpp.
//
// It also holds the registry of schedulers, for the reports. Lock: that of the look at idle, then the registry's, then Idle's.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <pthread.h>
#include <unistd.h>

#include <gofer/base/thread_exit.hpp>
#include <gofer/sched/fork.hpp>
#include <gofer/sched/recorder.hpp>
#include <gofer/sched/rescue.hpp>

namespace gofer::inline v1::sched {

/// Looks at a process in which every worker sleeps, on the monitor's thread; returns the moment for the next such look,
/// or never. It looks anew whenever the process falls idle again, and when the monitor is woken. Before there is a monitor:
/// on a plain thread that is blocked.
using LookAtIdle = std::int64_t (*)() noexcept;

/// Set by the room that judges (debug/deadlock.hpp), before there is a monitor. Nothing happens at idle without it.
[[gnu::visibility("default")]] inline std::atomic<LookAtIdle>& look_at_idle() noexcept {
    static constinit std::atomic<LookAtIdle> look{nullptr};
    return look;
}

class Monitor {
public:
    static constexpr unsigned quiet_ticks = 10;

    [[gnu::visibility("default")]] static Monitor& instance() noexcept {
        static Monitor& monitor = *new Monitor; // never destroyed: its thread outlives main
        return monitor;
    }

    /// Registers a scheduler.
    void add(Scheduler& s) {
        {
            base::EngineRegion engine;
            lock_.lock();
            s.next_scheduler = first_;
            first_ = &s;
            lock_.unlock();
        }
        start();
        note_busy();
    }

    /// Starts the monitor's thread, if it has none yet. Throws std::system_error when the system gives none.
    void start() {
        static const bool at_fork = [] { // on its own: the thread may be refused, and tried again
            return ::pthread_atfork([] { instance().lock_.lock(); }, [] { instance().lock_.unlock(); },
                                    [] { instance().die_in_child(); }) == 0;
        }();
        static_cast<void>(at_fork);
        static const bool started = [this] {
            base::start_for_good([this] { watch(); });
            has_thread_.store(true, std::memory_order_release); // whichever of the two comes first
            return true;
        }();
        static_cast<void>(started);
    }

    /// Has the monitor's thread, which holds nobody up and no lock for long, run this soon; once, when it was sent before
    /// and has not begun. False: there is no such thread, or it is the caller, or too many others wait. Safe in a signal
    /// handler.
    using Errand = void (*)() noexcept;
    bool send(Errand errand) noexcept {
        if (!has_thread_.load(std::memory_order_acquire) || tid_.load(std::memory_order_relaxed) == ::gettid())
            return false;
        if (!leave(errand)) return false;
        word_.store(1, std::memory_order_release);
        base::futex_wake(&word_);
        return true;
    }

    void remove(Scheduler& s) noexcept {
        base::EngineRegion engine;
        lock_.lock();
        Scheduler** link = &first_;
        while (*link && *link != &s) link = &(*link)->next_scheduler;
        if (*link) *link = s.next_scheduler;
        lock_.unlock();
    }

    /// Whether its thread is there.
    bool runs() const noexcept { return has_thread_.load(std::memory_order_relaxed); }

    /// By a plain thread that is blocked, where it does not run.
    void look_in_its_absence() noexcept {
        if (!look_lock_.try_lock()) return; // somebody looks
        if (!runs()) static_cast<void>(look());
        look_lock_.unlock();
    }

    /// A worker left its sleep, or a plain thread begins one. Partner: the heavy barrier in sleep().
    void note_busy() noexcept {
        base::light_barrier_out_of_line();
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

    /// The same for a report. False, with nothing done: the lock was not to be had for so long.
    template <class Visit>
    bool try_for_each(std::int64_t patience_ns, Visit visit) {
        base::Backoff backoff;
        const std::int64_t until = base::now_ns() + patience_ns;
        while (!lock_.try_lock()) {
            if (base::now_ns() > until) return false;
            backoff.pause();
        }
        for (Scheduler* s = first_; s; s = s->next_scheduler) visit(*s);
        lock_.unlock();
        return true;
    }

private:
    void die_in_child() noexcept {
        forked().store(true, std::memory_order_relaxed);
        has_thread_.store(false, std::memory_order_relaxed);
        recording_flag().store(false, std::memory_order_relaxed); // others may have had the tracks' locks
        for (Scheduler* s = first_; s; s = s->next_scheduler) {
            s->stopped.store(true, std::memory_order_relaxed);
            for (auto& w : s->workers) w->attention.store(true, std::memory_order_relaxed);
        }
        lock_.unlock();
    }

    void watch() noexcept {
        base::EngineRegion engine;
        tid_.store(::gettid(), std::memory_order_relaxed);
        has_thread_.store(true, std::memory_order_release);
        ::pthread_setname_np(::pthread_self(), "gofer-monitor");
        base::ask_for_short_slices();
        std::int64_t pause = Rescue::calm_tick_ns;
        for (unsigned quiet = 0;;) {
            base::futex_wait_until(word_, 0, base::now_ns() + pause);
            run_errands();
            quiet = look_after_all(pause) ? 0 : quiet + 1;
            if (quiet >= quiet_ticks) {
                sleep();
                quiet = 0;
            }
        }
    }

    void sleep() noexcept {
        asleep_.store(true, std::memory_order_relaxed);
        base::heavy_barrier();
        while (word_.load(std::memory_order_acquire) == 0 && everyone_sleeps()) {
            look_lock_.lock();
            const std::int64_t until = look();
            look_lock_.unlock();
            base::futex_wait_until(word_, 0, until);
        }
        asleep_.store(false, std::memory_order_relaxed);
        run_errands();
    }

    static std::int64_t look() noexcept {
        const LookAtIdle judge = look_at_idle().load(std::memory_order_acquire);
        return judge ? judge() : base::never;
    }

    bool leave(Errand errand) noexcept {
        for (std::atomic<Errand>& place : errands_) {
            Errand there = nullptr;
            if (place.compare_exchange_strong(there, errand, std::memory_order_acq_rel) || there == errand) return true;
        }
        return false;
    }
    void run_errands() noexcept {
        word_.exchange(0, std::memory_order_acquire); // partner: send(); one that comes later sets it again
        for (std::atomic<Errand>& place : errands_)
            if (place.load(std::memory_order_relaxed))
                if (const Errand errand = place.exchange(nullptr, std::memory_order_acq_rel)) errand();
    }
    bool everyone_sleeps() noexcept {
        bool asleep = true;
        const bool looked =
            try_for_each(lock_patience_ns, [&asleep](Scheduler& s) { asleep = asleep && s.all_asleep(); });
        return asleep && looked;
    }

    bool look_after_all(std::int64_t& pause) noexcept {
        bool busy = false;
        pause = Rescue::calm_tick_ns;
        const std::int64_t now = base::now_ns();
        const bool looked = try_for_each(lock_patience_ns, [&](Scheduler& s) {
            if (s.all_asleep() || s.stopped.load(std::memory_order_relaxed)) return;
            busy = true;
            pause = std::min(pause, Rescue(s, now, notes_).look());
        });
        if (notes_.length() > 0) tell_notes();
        return busy || !looked;
    }

    /// With no lock held: the reader of stderr may be slow, or stand still.
    [[gnu::noinline, gnu::cold]] void tell_notes() noexcept {
        base::say("%s", notes_.c_str());
        notes_.clear();
    }

    /// Whoever has the registry's lock for longer reports an error, and needs this thread for it.
    static constexpr std::int64_t lock_patience_ns = 100'000'000;

    base::SpinLock look_lock_; // of who looks at idle; taken before the registry's
    base::SpinLock lock_;
    Scheduler* first_ = nullptr;
    base::FutexWord word_{0};
    std::atomic<bool> asleep_{false};
    std::array<std::atomic<Errand>, 4> errands_{}; // more than there are kinds
    std::atomic<bool> has_thread_{false};
    std::atomic<pid_t> tid_{0};
    base::TextOf<2048> notes_; // of its thread
};

} // namespace gofer::inline v1::sched

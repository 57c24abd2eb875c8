// The workers of a runtime: the regular ones, as many as it was asked for, which live as long as it does; and
// stand-ins, which serve while regular ones are stuck in a goroutine that does not park, and rest on their own
// futex otherwise.
//
// Licences: a runtime of n workers has n goroutines run at a time, not counting those that are stuck. A worker that the
// monitor marks as stuck has lost its licence to a stand-in; so serving stand-ins <= stuck regular workers, and a
// stand-in that finds itself surplus rests. A stuck stand-in holds no licence either.
// Bounds: at most 2n stand-ins, at least 16; a worker's memory is made when it is first needed and kept, its thread
// ends after some seconds of rest. What iterates sees those that were ever needed, so a runtime where nobody is
// ever stuck pays nothing.
// A stand-in's slot is one worker for good: when another thread becomes its owner, the locks that lean towards the
// worker see the old one's end, by way of `exited`, before the new one's beginning.
// Lock: of the roster; guards `duty` and who is counted.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include <gofer/base/futex.hpp>
#include <gofer/base/spin_lock.hpp>
#include <gofer/sched/worker.hpp>

namespace gofer::inline v1::sched {

class Roster {
public:
    Roster(Scheduler* owner, unsigned regulars)
        : owner_(owner), regulars_(regulars), all_(regulars + stand_ins_of(regulars) + 1) {
        for (unsigned i = 0; i < regulars; ++i) all_[i] = make(i, Duty::regular);
        ever_.store(regulars, std::memory_order_relaxed);
    }

    unsigned regulars() const noexcept { return regulars_; }
    static constexpr unsigned stand_ins_of(unsigned regulars) noexcept { return std::max(16u, 2 * regulars); }

    /// All that were ever needed, the regular ones first.
    using Iterator = const std::unique_ptr<Worker>*;
    Iterator begin() const noexcept { return all_.data(); }
    Iterator end() const noexcept { return begin() + ever(); }
    unsigned ever() const noexcept { return ever_.load(std::memory_order_acquire); } // partner: enlist()
    const std::unique_ptr<Worker>& operator[](std::size_t i) const noexcept { return all_[i]; }

    /// Workers whose loop runs, or sleeps as Idle knows it.
    unsigned on_duty() const noexcept { return regulars_ + awake_.load(std::memory_order_relaxed); }
    unsigned stand_ins() const noexcept { return awake_.load(std::memory_order_relaxed); }
    bool anyone_stuck() const noexcept { return stuck_.load(std::memory_order_relaxed) > 0; }
    /// Stand-ins that serve and are not stuck themselves.
    int serving() const noexcept { return serving_.load(std::memory_order_relaxed); }
    bool surplus() const noexcept { return serving() > stuck_.load(std::memory_order_relaxed); }

    /// The monitor: the worker has been in one goroutine for long, and loses its licence.
    void mark_stuck(Worker& w) noexcept {
        (w.stand_in() ? serving_ : stuck_).fetch_add(w.stand_in() ? -1 : 1, std::memory_order_relaxed);
        w.stuck.store(true, std::memory_order_release);
    }
    /// The worker itself, or the monitor, whoever sees first that it takes turns again.
    void unmark(Worker& w) noexcept {
        if (!w.stuck.load(std::memory_order_relaxed) || !w.stuck.exchange(false, std::memory_order_acq_rel)) return;
        (w.stand_in() ? serving_ : stuck_).fetch_add(w.stand_in() ? 1 : -1, std::memory_order_relaxed);
    }

    /// The monitor: has one more serve. A rested thread is woken, or `start(worker)` gives it one; false if the
    /// bound is reached, or start() says so.
    template <class Start>
    bool call_stand_in(Start start) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_); // also around start: see close()
        if (closed_) return false;
        for (unsigned i = regulars_; i < ever(); ++i)
            if (resting(*all_[i])) return serve(*all_[i]);
        Worker* fresh = without_thread();
        if (!fresh) return false;
        fresh->exited.store(false, std::memory_order_relaxed);
        fresh->tid.store(0, std::memory_order_relaxed);
        serve(*fresh);
        if (start(*fresh)) return true;
        leave_service(*fresh, Duty::gone);
        fresh->exited.store(true, std::memory_order_release);
        return false;
    }

    /// The stand-in: rests from now on, unless it is needed after all. Partner: call_for_pinned(), before which the
    /// goroutine was queued; the lock says who of the two comes second, and it acts.
    bool stand_down(Worker& w) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (closed_ || !surplus() || !w.pinned.empty()) return false;
        leave_service(w, Duty::resting);
        return true;
    }
    static bool on_duty(const Worker& w) noexcept { return duty(w) <= Duty::serving; }
    static bool resting(const Worker& w) noexcept { return duty(w) == Duty::resting; }
    /// Until called, or until the deadline.
    static void rest(Worker& w, std::int64_t deadline) noexcept {
        base::futex_wait_until(w.duty, static_cast<std::uint32_t>(Duty::resting), deadline);
    }
    /// A stand-in that serves pauses, for a moment: nobody wakes it.
    static void nap(Worker& w, std::int64_t deadline) noexcept {
        base::futex_wait_until(w.duty, static_cast<std::uint32_t>(Duty::serving), deadline);
    }
    /// A goroutine that is pinned to the stand-in is ready: it serves, until that has had its turn.
    void call_for_pinned(Worker& w) noexcept {
        if (w.stand_in()) end_rest(w);
    }
    void end_rest(Worker& w) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (resting(w)) serve(w);
    }
    /// The stand-in's thread is about to end. False: it was called at this moment.
    bool end_service(Worker& w) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (!resting(w)) return false;
        w.duty.store(static_cast<std::uint32_t>(Duty::gone), std::memory_order_relaxed);
        return true;
    }

    /// After close(): one more, whose thread is the caller's to start. Throws std::bad_alloc.
    Worker& add_last() {
        const unsigned n = ever(); // there is a place left, beyond what stand-ins may take
        all_[n] = make(n, Duty::gone);
        ever_.store(n + 1, std::memory_order_release); // partner: ever()
        return *all_[n];
    }

    /// When this has returned nobody is called any more, and every thread that was started is known; those who rest are
    /// woken, to see that their runtime has stopped.
    void close() noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        closed_ = true;
        for (unsigned i = regulars_; i < ever(); ++i)
            if (resting(*all_[i])) serve(*all_[i]);
    }

private:
    static Duty duty(const Worker& w) noexcept { return static_cast<Duty>(w.duty.load(std::memory_order_acquire)); }

    std::unique_ptr<Worker> make(unsigned index, Duty duty) {
        auto w = std::make_unique<Worker>(owner_, index);
        w->looks = std::make_unique<Look[]>(all_.size());
        w->duty.store(static_cast<std::uint32_t>(duty), std::memory_order_relaxed);
        w->exited.store(duty != Duty::regular, std::memory_order_relaxed);
        return w;
    }
    bool serve(Worker& w) noexcept {
        awake_.store(stand_ins() + 1, std::memory_order_relaxed);
        serving_.fetch_add(1, std::memory_order_relaxed);
        w.duty.store(static_cast<std::uint32_t>(Duty::serving), std::memory_order_release); // partner: rest()
        base::futex_wake(&w.duty);
        return true;
    }
    void leave_service(Worker& w, Duty to) noexcept {
        w.duty.store(static_cast<std::uint32_t>(to), std::memory_order_relaxed);
        awake_.store(stand_ins() - 1, std::memory_order_relaxed);
        serving_.fetch_sub(1, std::memory_order_relaxed);
    }
    Worker* without_thread() noexcept {
        const unsigned n = ever();
        for (unsigned i = regulars_; i < n; ++i)
            if (duty(*all_[i]) == Duty::gone && all_[i]->exited.load(std::memory_order_acquire)) return all_[i].get();
        return n < all_.size() - 1 ? enlist(n) : nullptr;
    }
    Worker* enlist(unsigned index) noexcept {
        try {
            all_[index] = make(index, Duty::gone);
        } catch (const std::bad_alloc&) {
            return nullptr;
        }
        ever_.store(index + 1, std::memory_order_release); // partner: ever(), by which all others reach it
        return all_[index].get();
    }

    Scheduler* const owner_;
    const unsigned regulars_;
    std::vector<std::unique_ptr<Worker>> all_; // never changes its size
    std::atomic<unsigned> ever_{0};
    base::SpinLock lock_;
    bool closed_ = false;
    std::atomic<unsigned> awake_{0};
    std::atomic<int> serving_{0};
    std::atomic<int> stuck_{0};
};

} // namespace gofer::inline v1::sched

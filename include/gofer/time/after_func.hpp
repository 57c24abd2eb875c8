// after_func(d, f): a goroutine that starts in a while, unless it is stopped before. Go's time.AfterFunc.
//
// The goroutine's record is made at once, so that firing allocates nothing, and starts in the step after the heap's lock.
// Whoever ends the call has it to himself: stop() when it has disarmed the timer, the step when the timer has fired.
// A call that nobody can stop any more ends with its runtime as a goroutine does: it never runs, and what it owns is
// kept, since what it refers to may be gone. One that somebody still holds goes on in the default runtime.
#pragma once

#include <atomic>
#include <chrono>
#include <type_traits>
#include <utility>

#include <gofer/sched/arm.hpp>
#include <gofer/wait/spawn.hpp>

namespace gofer::inline v1 {
namespace time {

class DelayedCall : sched::Timer, sched::Due {
public:
    explicit DelayedCall(sched::Scheduler* home) noexcept
        : Timer(&DelayedCall::fire, true), Due(&DelayedCall::start), home_(home) {}
    DelayedCall(const DelayedCall&) = delete;
    DelayedCall& operator=(const DelayedCall&) = delete;

    /// The armed timer is a user of its own.
    void arm(task::Task* task, std::int64_t deadline) {
        base::tsan_release(task); // partner: the acquire in run_task
        task_ = task;
        retain();
        try {
            sched::arm(*this, deadline);
        } catch (...) {
            give_up();
            throw;
        }
    }
    bool stop() noexcept {
        const bool stopped = sched::disarm(*this);
        if (stopped) give_up();
        return stopped;
    }

    void retain() noexcept { users_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

private:
    ~DelayedCall() = default;

    static void fire(sched::Timer& timer, sched::Chain& woken) noexcept {
        woken.later(static_cast<DelayedCall&>(timer));
    }
    static void start(sched::Due& due) noexcept {
        auto& self = static_cast<DelayedCall&>(due);
        sched::Worker* w = sched::this_worker();
        const bool moved = w->scheduler != self.home_;
        if (moved && self.users_.load(std::memory_order_acquire) == 1) return self.keep_for_ever();
        sched::start(w->scheduler, w, std::exchange(self.task_, nullptr));
        self.release();
    }

    void keep_for_ever() noexcept {
        static std::atomic<sched::Due*> kept{nullptr}; // so that a leak checker sees that they are owned
        next_due = kept.load(std::memory_order_relaxed);
        while (!kept.compare_exchange_weak(next_due, this, std::memory_order_release)) {
        }
    }
    void give_up() noexcept {
        sched::Worker* w = sched::this_worker();
        std::exchange(task_, nullptr)->destroy(w ? &w->records : nullptr);
        release();
    }

    std::atomic<unsigned> users_{1};
    sched::Scheduler* const home_; // to compare with: it may have ended
    task::Task* task_ = nullptr;
};

/// What after_func returns. A handle: may be copied, called from anywhere, and dropped, which changes nothing.
class StopCall {
public:
    explicit StopCall(DelayedCall* call) noexcept : call_(call) {}
    StopCall(const StopCall& other) noexcept : call_(other.call_) {
        if (call_) call_->retain();
    }
    StopCall(StopCall&& other) noexcept : call_(std::exchange(other.call_, nullptr)) {}
    StopCall& operator=(StopCall other) noexcept {
        std::swap(call_, other.call_);
        return *this;
    }
    ~StopCall() {
        if (call_) call_->release();
    }

    /// True: f had not started and never will; its closure is destroyed when this returns. False: it has started, or was
    /// stopped before; it may still run. Does not block.
    bool operator()() const noexcept { return call_ && call_->stop(); }

private:
    DelayedCall* call_;
};

} // namespace time

/// Calls f in a goroutine of its own `d` from now; zero or less: soon. That belongs to the caller's runtime; if it has ended
/// by then, to the default one, but only while someone holds what this returns: a callable `stop() -> bool`. Throws what
/// copying f throws, and std::bad_alloc.
template <class Rep, class Period, class F>
time::StopCall after_func(std::chrono::duration<Rep, Period> d, F&& f, Place place = Place::here()) {
    auto body = task::bind(std::forward<F>(f));
    sched::Worker* w = sched::this_worker();
    auto* call = new time::DelayedCall(sched::scheduler_here(w));
    time::StopCall stop(call);
    call->arm(task::make_task<decltype(body)>(w ? &w->records : nullptr, place, std::move(body)), base::deadline_after(d));
    return stop;
}

} // namespace gofer::inline v1

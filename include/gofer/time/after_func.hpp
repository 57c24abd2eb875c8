// after_func(d, f): a goroutine that starts in a while, unless it is stopped before. Go's time.AfterFunc.
//
// The closure lies with its timer in one allocation, which goes with the last handle; the goroutine starts in the step
// after the heap's lock. (A spawn record made at once would come from the pool, and a million of them stay there.)
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
    DelayedCall(const DelayedCall&) = delete;
    DelayedCall& operator=(const DelayedCall&) = delete;

    /// The armed timer is a user of its own.
    void arm(std::int64_t deadline) {
        base::tsan_release(this); // partner: the acquire in Runner
        retain();
        try {
            sched::arm(*this, deadline);
        } catch (...) {
            release();
            throw;
        }
    }
    bool stop() noexcept {
        const bool stopped = sched::disarm(*this);
        if (stopped) {
            destroy_closure();
            release();
        }
        return stopped;
    }

    void retain() noexcept { users_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

protected:
    DelayedCall(sched::Scheduler* home, Place place) noexcept
        : Timer(&DelayedCall::fire, true), Due(&DelayedCall::start), home_(home), place_(place) {
        home_->retain();
    }
    virtual ~DelayedCall() { home_->release(); }

private:
    virtual void call() = 0; // and destroys the closure
    virtual void destroy_closure() noexcept = 0;

    /// What the goroutine runs. One that is never run is kept with its task.
    struct Runner {
        DelayedCall* delayed;
        void operator()() && {
            struct Use {
                DelayedCall* delayed;
                ~Use() { delayed->release(); }
            } const until_the_end{delayed};
            base::tsan_acquire(delayed);
            delayed->call();
        }
        void drop() {
            delayed->destroy_closure();
            delayed->release();
        }
    };

    static void fire(sched::Timer& timer, sched::Woken& woken) noexcept {
        woken.later(static_cast<DelayedCall&>(timer));
    }
    static void start(sched::Due& due) noexcept {
        auto& self = static_cast<DelayedCall&>(due);
        const bool over = self.home_->stopped.load(std::memory_order_relaxed);
        if (over && self.users_.load(std::memory_order_acquire) == 1) return self.keep_for_ever();
        sched::Worker* w = sched::this_worker();
        sched::start(over ? sched::default_scheduler() : self.home_, w,
                     task::make_task<Runner>(&w->records, self.place_, Runner{&self}));
    }
    void keep_for_ever() noexcept {
        static std::atomic<sched::Due*> kept{nullptr}; // so that a leak checker sees that they are owned
        next_due = kept.load(std::memory_order_relaxed);
        while (!kept.compare_exchange_weak(next_due, this, std::memory_order_release)) {
        }
    }

    std::atomic<unsigned> users_{1};
    sched::Scheduler* const home_; // where it was asked for; not always where the timer is
    const Place place_;
};

template <class Body>
class DelayedCallOf final : public DelayedCall {
public:
    DelayedCallOf(sched::Scheduler* home, Place place, Body&& body)
        : DelayedCall(home, place), body_(std::move(body)) {}

private:
    void call() override {
        std::move(body_)();
        body_.dispose();
    }
    void destroy_closure() noexcept override { body_.dispose(); }

    task::Disposable<Body> body_;
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

    /// True: f had not started and never will; its closure is destroyed when this returns. False: it has started,
    /// or was stopped before; it may still run. Does not block.
    bool operator()() const noexcept { return call_ && call_->stop(); }

private:
    DelayedCall* call_;
};

} // namespace time

/// Calls f in a goroutine of its own `d` from now; zero or less: soon. That belongs to the caller's runtime; if it
/// has ended by then, to the default one, but only while someone holds what this returns: a callable `stop() ->
/// bool`. Throws what copying f throws, and std::bad_alloc.
template <class Rep, class Period, class F>
time::StopCall after_func(std::chrono::duration<Rep, Period> d, F&& f, Place place = Place::here()) {
    auto body = task::bind(std::forward<F>(f));
    auto* call = new time::DelayedCallOf<decltype(body)>(sched::scheduler_here(sched::this_worker()), place,
                                                         std::move(body));
    const time::StopCall stop(call);
    call->arm(base::deadline_after(d));
    return stop;
}

} // namespace gofer::inline v1

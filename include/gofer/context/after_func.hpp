// after_func(ctx, f): a function that runs when a context ends.
//
// The goroutine's record is made at once, so that the end of a context allocates nothing. Whoever takes the record
// out of `task_` has it: the wave, which starts it, or stop(), which destroys it. The record and its context keep
// each other until then: f runs even when no other handle is left.
#pragma once

#include <atomic>
#include <utility>

#include <gofer/context/context.hpp>
#include <gofer/wait/spawn.hpp>

namespace gofer::inline v1 {
namespace context {

class AfterCall : Follower {
public:
    AfterCall(const Context& ctx, task::Task* task, sched::Scheduler* home) noexcept
        : scope_(scope_of(ctx)), task_(task), home_(home) {
        if (scope_) scope_->retain();
        fire = [](Follower& self) noexcept { static_cast<AfterCall&>(self).context_has_ended(); };
        if (home_) home_->retain();
        base::tsan_release(task);
    }
    AfterCall(const AfterCall&) = delete;
    AfterCall& operator=(const AfterCall&) = delete;

    void begin() noexcept {
        if (!scope_) return;
        retain();
        if (scope_->follow(*this)) return;
        base::EngineRegion engine;
        context_has_ended();
    }
    bool stop() noexcept {
        task::Task* task = task_.exchange(nullptr, std::memory_order_acq_rel);
        if (!task) return false;
        task->destroy(nullptr);
        if (scope_ && scope_->unfollow(*this)) release();
        return true;
    }

    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

private:
    ~AfterCall() {
        if (task::Task* task = task_.load(std::memory_order_relaxed)) task->destroy(nullptr);
        if (home_) home_->release();
        Node::release(scope_);
    }

    static Scope* scope_of(const Context& ctx) noexcept { return ctx.node() ? ctx.node()->scope : nullptr; }

    void context_has_ended() noexcept {
        if (task::Task* task = task_.exchange(nullptr, std::memory_order_acq_rel)) start(task);
        release();
    }
    // In the runtime where after_func was called; in the default one if that has ended.
    void start(task::Task* task) noexcept {
        base::engine_release(task); // partner: run_task
        const bool over = home_->stopped.load(std::memory_order_relaxed);
        sched::start(over ? sched::default_scheduler() : home_, sched::this_worker(), task);
    }

    Scope* const scope_; // and not the context: values may stand between the two, and it may end on a worker's loop
    std::atomic<task::Task*> task_;
    sched::Scheduler* const home_;
    std::atomic<std::uint32_t> references_{1};
};

} // namespace context

/// What after_func(ctx, f) gives: a cheap handle; copies stop the same function. Dropping it changes nothing.
class AfterFunc {
public:
    AfterFunc() noexcept = default;
    AfterFunc(const AfterFunc& other) noexcept : call_(other.call_) {
        if (call_) call_->retain();
    }
    AfterFunc(AfterFunc&& other) noexcept : call_(std::exchange(other.call_, nullptr)) {}
    AfterFunc& operator=(AfterFunc other) noexcept {
        std::swap(call_, other.call_);
        return *this;
    }
    ~AfterFunc() {
        if (call_) call_->release();
    }

    /// True: f will not run, and is destroyed. False: it was started already, or stopped before. Does not wait for f.
    bool operator()() const noexcept { return call_ && call_->stop(); }

    /// The engine's view. Takes over one reference.
    explicit AfterFunc(context::AfterCall* call) noexcept : call_(call) {}

private:
    context::AfterCall* call_ = nullptr;
};

/// Runs f in a goroutine of its own once `ctx` has ended (at once if it has); kept until then, or until stop() is
/// called. The goroutine belongs to the runtime of the caller. Throws what copying f throws. Go's
/// context.AfterFunc.
template <class F>
    requires std::is_invocable_v<std::decay_t<F>>
AfterFunc after_func(const Context& ctx, F&& f, Place place = Place::here()) {
    sched::Scheduler* home = interrupt_of(ctx) ? sched::scheduler_here(sched::this_worker()) : nullptr;
    auto body = task::bind(std::forward<F>(f));
    sched::Worker* w = sched::this_worker(); // now: to copy f is the user's code, and may have parked
    task::Task* task = task::make_task<decltype(body)>(w ? &w->records : nullptr, place, std::move(body));
    context::AfterCall* call;
    try {
        call = new context::AfterCall(ctx, task, home);
    } catch (...) {
        task->destroy(nullptr);
        throw;
    }
    call->begin();
    return AfterFunc(call);
}

} // namespace gofer::inline v1

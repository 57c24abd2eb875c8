// blocking: code that blocks its thread (a file, a database, a C library), without holding up other goroutines.
//
// The goroutine parks, and when it is suspended, not earlier, its code goes to a thread of the pool. That thread is the
// goroutine's guest house: it answers for its identity, and its errno and exception state come along. For everything
// that blocks in the library the thread is a plain one. When the code has returned, the thread claims the wait as any
// partner would; a goroutine whose runtime has stopped meanwhile is not resumed.
#pragma once

#include <cerrno>
#include <cxxabi.h>
#include <type_traits>
#include <utility>

#include <gofer/runtime.hpp>
#include <gofer/sched/abandon.hpp>
#include <gofer/sched/blocking_pool.hpp>
#include <gofer/wait/waiter.hpp>

namespace gofer::inline v1 {
namespace runtime {

/// One call of blocking(); in the frame of the goroutine.
class BlockingCall : sched::BlockingJob {
public:
    using Body = void (*)(void* what) noexcept;

    BlockingCall(Body body, void* what) noexcept : body_(body), what_(what) { run = &perform; }

    /// For a goroutine. One whose runtime is over goes no further, unless it is being unwound.
    static void must_be_running() {
        const sched::Worker* w = sched::this_worker();
        if (!w->scheduler->stopped.load(std::memory_order_relaxed) || w->unwinds) [[likely]]
            return;
        sched::must_not_be_forked("blocking() is called");
        wait::park_forever(task::WaitReason::shut_down);
    }

    /// Parks until the body has run on another thread. False: there is no thread for it.
    bool park() noexcept {
        base::EngineRegion engine;
        wait::Episode episode;
        episode_ = &episode;
        guest_ = {episode.goroutine(), sched::home_of(episode.goroutine())};
        guest_.goroutine->lent.store(true, std::memory_order_relaxed);
        episode.park(task::WaitReason::blocking, nullptr, {&submit, this});
        return !refused_;
    }

private:
    // After the switch, on the worker that the goroutine has left.
    static void submit(void* call, fiber::Fiber*) noexcept {
        auto* self = static_cast<BlockingCall*>(call);
        if (sched::BlockingPool::instance().submit(*self)) return;
        self->refused_ = true;
        self->guest_.goroutine->lent.store(false, std::memory_order_relaxed);
        self->episode_->claim(wait::Ended::by_partner).wake();
    }

    // On a thread of the pool. The goroutine is suspended: what the switch put away for it is put back here.
    static void perform(sched::BlockingJob& job) noexcept {
        auto& self = static_cast<BlockingCall&>(job);
        auto* exceptions = reinterpret_cast<fiber::ExceptionState*>(abi::__cxa_get_globals());
        task::Goroutine& g = *self.guest_.goroutine;
        base::engine_acquire(self.episode_); // partner: the release in Episode::park
        *exceptions = g.exceptions;
        sched::set_this_guest(&self.guest_);
        errno = g.saved_errno;
        {
            base::UserCode visible;
            self.body_(self.what_);
        }
        g.saved_errno = errno;
        sched::set_this_guest(nullptr);
        g.exceptions = std::exchange(*exceptions, {});
        base::engine_release(&g.lent);
        g.lent.store(false, std::memory_order_release); // partner: take_hook()
        if (const wait::Claimed claimed = self.episode_->claim(wait::Ended::by_partner))
            claimed.wake(); // the last touch
        else
            sched::abandon_late(*self.guest_.scheduler);
    }

    Body body_;
    void* what_;
    wait::Episode* episode_ = nullptr;
    sched::Guest guest_{};
    bool refused_ = false;
};

} // namespace runtime

/// Runs f on a thread of its own kind, while the goroutine parks and its worker goes on with others; returns what f
/// returns (a reference too) or rethrows. f still is its goroutine: id, name, errno, current context; library calls
/// in it block its thread. At most 512 run at a time, further ones wait their turn; threads without work end after
/// some seconds. On a plain thread, and inside of f, a call. Costs about two wake-ups of a thread: for code that
/// blocks longer than that.
template <class F>
decltype(auto) blocking(F&& f) {
    using R = std::invoke_result_t<F>;
    if (!sched::this_goroutine_record()) return static_cast<R>(std::forward<F>(f)());
    runtime::BlockingCall::must_be_running();
    struct Body {
        std::remove_reference_t<F>& f;
        runtime::Outcome<R> outcome;
    } body{f, {}};
    auto run = [](void* what) noexcept {
        auto& b = *static_cast<Body*>(what);
        b.outcome.take(std::forward<F>(b.f));
    };
    if (!runtime::BlockingCall(run, &body).park()) // on the worker then, and a stand-in for it
        return static_cast<R>(std::forward<F>(f)());
    return static_cast<R>(body.outcome.give());
}

} // namespace gofer::inline v1

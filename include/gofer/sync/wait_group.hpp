// WaitGroup: waits for a set of goroutines to finish. Go's sync.WaitGroup.
//
// One word: the count from bit 2 up, "somebody waits" in bit 1, the lock of the wait list in bit 0. done() is one
// subtraction and touches nothing afterwards, unless it is the last with a waiter: then the waiters, whose frames
// cannot go away before they are woken, keep the object alive until the store that releases the lock bit.
#pragma once

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include <gofer/wait/spawn.hpp>
#include <gofer/wait/waiter.hpp>
#include <gofer/wait/word_lock.hpp>

namespace gofer::inline v1 {

class WaitGroup {
public:
    constexpr WaitGroup() noexcept = default;
    WaitGroup(const WaitGroup&) = delete;
    WaitGroup& operator=(const WaitGroup&) = delete;

    /// Adds to the counter, before the goroutines it stands for are started. Never blocks. Throws std::logic_error
    /// when the counter would become negative (it is left as it was). Any thread.
    void add(std::int64_t n = 1) {
        const std::int64_t before = word_.fetch_add(n * one, std::memory_order_release) >> count_shift;
        if (before + n < 0) [[unlikely]] {
            word_.fetch_sub(n * one, std::memory_order_relaxed);
            throw std::logic_error(n == -1 ? "gofer: WaitGroup::done() called more often than add()"
                                           : "gofer: WaitGroup::add() would make the counter negative");
        }
        if (before + n == 0 && n < 0) last_is_done();
    }

    /// One goroutine less to wait for. Throws std::logic_error when called more often than add().
    void done() {
        const std::int64_t before = word_.fetch_sub(one, std::memory_order_release);
        if (before < one * 2) [[unlikely]]
            reached_zero(before);
    }

    /// Blocks until the counter is zero. Any number may wait, goroutines and plain threads.
    void wait() { static_cast<void>(wait_until(wait::Until::forever())); }

    /// Waits at most so long; true if the counter was zero in time.
    template <class Rep, class Period>
    [[nodiscard]] bool wait_for(std::chrono::duration<Rep, Period> d) {
        return wait_until(wait::Until::after(d));
    }

    /// add(1), then starts f(args...) as a goroutine that calls done() when it has ended and its closure and
    /// arguments are destroyed. Go's WaitGroup.Go.
    template <class F>
    void go(F&& f, Place place = Place::here()) {
        start(nullptr, place, std::forward<F>(f));
    }
    template <class F, class Arg, class... Args>
        requires(!std::is_same_v<std::decay_t<F>, GoOptions> && !std::is_same_v<std::decay_t<Arg>, Place>)
    void go(F&& f, Arg&& arg, Args&&... args) {
        start(nullptr, Place::at(__builtin_return_address(0)), std::forward<F>(f), std::forward<Arg>(arg),
              std::forward<Args>(args)...);
    }
    template <class F>
    void go(GoOptions options, F&& f, Place place = Place::here()) {
        start(&options, place, std::forward<F>(f));
    }
    template <class F, class Arg, class... Args>
        requires(!std::is_same_v<std::decay_t<Arg>, Place>)
    void go(GoOptions options, F&& f, Arg&& arg, Args&&... args) {
        start(&options, Place::at(__builtin_return_address(0)), std::forward<F>(f), std::forward<Arg>(arg),
              std::forward<Args>(args)...);
    }

private:
    using Lock = wait::WordLock<std::int64_t>;
    static constexpr std::int64_t has_waiters = 2;
    static constexpr int count_shift = 2;
    static constexpr std::int64_t one = std::int64_t{1} << count_shift;

    struct Done {
        WaitGroup* group;
        void operator()() const { group->done(); }
    };

    template <class F, class... Args>
    void start(GoOptions* options, Place place, F&& f, Args&&... args) {
        add(1);
        try {
            spawn::go_then(options, place, Done{this}, std::forward<F>(f), std::forward<Args>(args)...);
        } catch (...) {
            done();
            throw;
        }
    }

    [[gnu::noinline]] void reached_zero(std::int64_t before) {
        if (before < one) {
            word_.fetch_add(one, std::memory_order_relaxed);
            throw std::logic_error("gofer: WaitGroup::done() called more often than add()");
        }
        if (before & has_waiters) last_is_done();
    }

    [[gnu::noinline]] void last_is_done() noexcept {
        if (!(word_.load(std::memory_order_acquire) & has_waiters)) return; // acquire: every done() before this one
        base::EngineRegion engine;
        wait::WakeList woken;
        Lock::lock(word_);
        if (word_.load(std::memory_order_relaxed) >= one) return Lock::unlock(word_);
        woken.claim_all(waiters_, wait::Outcome::done);
        Lock::unlock(word_, has_waiters);
        woken.wake_all();
    }

    bool wait_until(wait::Until until) {
        if (word_.load(std::memory_order_acquire) < one) return true;
        if (until.over()) return false;
        return wait_slow(until);
    }

    [[gnu::noinline]] bool wait_slow(wait::Until until) {
        base::EngineRegion engine;
        if (Lock::lock(word_, has_waiters) < one) {
            unlock_list();
            base::engine_acquire(&word_);
            return true;
        }
        wait::Episode episode(until);
        wait::Waiter self(episode, nullptr);
        waiters_.push_back(self);
        episode.park(task::WaitReason::wait_group, this, Lock::unlocker(word_));
        if (episode.ended() == wait::Ended::by_partner) return true;
        Lock::lock(word_);
        waiters_.remove_if_linked(self);
        unlock_list();
        return false;
    }

    void unlock_list() noexcept { Lock::unlock(word_, waiters_.empty() ? has_waiters : 0); }

    std::atomic<std::int64_t> word_{0};
    wait::WaitList waiters_;
};

} // namespace gofer::inline v1

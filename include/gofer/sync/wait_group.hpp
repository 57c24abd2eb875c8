// WaitGroup: waits for a set of goroutines to finish. Go's sync.WaitGroup.
//
// One word: the count from bit 2 up, "somebody waits" in bit 1, the lock of the wait list in bit 0. done() is one
// subtraction and touches nothing afterwards, unless it takes the count to zero while "somebody waits" is set: then it
// goes on to lock the list and wake them. So a count of zero with that bit still set means that a done() is on its way,
// and nobody may return from wait(), and destroy the group, before it has been: whoever comes then joins the list. The
// store that releases the lock, and clears the bit, is the last touch. Who sees beforehand that it will be so takes the count
// to zero and the lock in one step, instead of two; it is a tenth of a fork and join.
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
        const std::int64_t word = word_.fetch_add(n * one, std::memory_order_release);
        const std::int64_t before = word >> count_shift;
        if (before + n < 0) [[unlikely]] {
            word_.fetch_sub(n * one, std::memory_order_relaxed);
            throw std::logic_error(n == -1 ? "gofer: WaitGroup::done() called more often than add()"
                                           : "gofer: WaitGroup::add() would make the counter negative");
        }
        if (before + n == 0 && n < 0 && (word & has_waiters)) last_is_done();
    }

    /// One goroutine less to wait for. Throws std::logic_error when called more often than add().
    void done() {
        if (word_.load(std::memory_order_relaxed) == (one | has_waiters) && last_is_done_at_once()) return;
        const std::int64_t before = word_.fetch_sub(one, std::memory_order_release);
        if (before < one * 2) [[unlikely]]
            reached_zero(before);
    }

    /// Blocks until the counter is zero. Any number may wait, goroutines and plain threads.
    void wait() { static_cast<void>(block(wait::Until::forever())); }

    /// Waits at most so long; true if the counter was zero in time.
    template <class Rep, class Period>
    [[nodiscard]] bool wait_for(std::chrono::duration<Rep, Period> d) {
        return block(wait::Until::after(d));
    }
    template <class C, class D>
    [[nodiscard]] bool wait_until(std::chrono::time_point<C, D> tp) {
        return block(wait::Until::at(tp));
    }
    /// Waits until the counter is zero (true) or the context has ended (false).
    template <wait::Ending C>
    [[nodiscard]] bool wait(const C& ctx) {
        const wait::Until until = wait::Until::end_of(ctx);
        return !until.interrupted() && block(until);
    }

    /// add(1), then starts f(args...) as a goroutine that calls done() when it has ended and its closure and
    /// arguments are destroyed. Go's WaitGroup.Go.
    template <class F>
    void go(F&& f, Place place = Place::here()) {
        start(nullptr, place, std::forward<F>(f));
    }
    template <class F, class Arg, class... Args>
        requires(!std::is_same_v<std::decay_t<F>, GoOptions> && !std::is_same_v<std::decay_t<Arg>, Place>)
    [[gnu::always_inline]] void go(F&& f, Arg&& arg, Args&&... args) {
        start(nullptr, Place::of_this_call(), std::forward<F>(f), std::forward<Arg>(arg),
              std::forward<Args>(args)...);
    }
    template <class F>
    void go(GoOptions options, F&& f, Place place = Place::here()) {
        start(&options, place, std::forward<F>(f));
    }
    template <class F, class Arg, class... Args>
        requires(!std::is_same_v<std::decay_t<Arg>, Place>)
    [[gnu::always_inline]] void go(GoOptions options, F&& f, Arg&& arg, Args&&... args) {
        start(&options, Place::of_this_call(), std::forward<F>(f), std::forward<Arg>(arg),
              std::forward<Args>(args)...);
    }

    /// The engine's view: a wait for a count of its own, which reports know by another name.
    void wait_as(task::WaitReason reason) { block(wait::Until::forever(), reason); }

private:
    friend struct debug::Inspector;

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
        spawn::go_then(options, place, Done{this}, std::forward<F>(f), std::forward<Args>(args)...);
    }

    [[gnu::noinline]] void reached_zero(std::int64_t before) {
        if (before < one) {
            word_.fetch_add(one, std::memory_order_relaxed);
            throw std::logic_error("gofer: WaitGroup::done() called more often than add()");
        }
        if (before & has_waiters) last_is_done();
    }

    /// False: somebody was here since the caller looked.
    [[gnu::noinline]] bool last_is_done_at_once() noexcept {
        std::int64_t seen = one | has_waiters;
        if (!word_.compare_exchange_strong(seen, Lock::bit | has_waiters, std::memory_order_acq_rel)) return false;
        base::tsan_acquire(&word_); // every done() before this one
        base::EngineRegion engine;
        release_all();
        return true;
    }

    [[gnu::noinline]] void last_is_done() noexcept {
        base::tsan_acquire(&word_); // as above
        base::EngineRegion engine;
        Lock::lock(word_);
        if (word_.load(std::memory_order_relaxed) >= one) return Lock::unlock(word_);
        release_all();
    }

    // Unlocks.
    void release_all() noexcept {
        wait::ReleaseList woken;
        woken.claim_all(waiters_, wait::Outcome::done);
        Lock::unlock(word_, has_waiters);
        woken.wake_all();
    }

    bool block(wait::Until until, task::WaitReason reason = task::WaitReason::wait_group) {
        if (word_.load(std::memory_order_acquire) < has_waiters) return true;
        if (until.over()) return false;
        return wait_slow(until, reason);
    }

    [[gnu::noinline]] bool wait_slow(wait::Until until, task::WaitReason reason) {
        base::EngineRegion engine;
        if (!lock_to_wait()) {
            base::engine_acquire(&word_);
            return true;
        }
        wait::Episode episode(until);
        wait::Waiter self(episode, nullptr);
        waiters_.push_back(self);
        episode.park(reason, this, Lock::unlocker(word_));
        if (episode.ended() == wait::Ended::by_partner) return true;
        Lock::lock(word_);
        waiters_.remove_if_linked(self);
        unlock_after_giving_up();
        episode.pass_unwind();
        return false;
    }

    // Locks the list with "somebody waits" set, so that the done() that reaches zero sees it. False, unlocked: the
    // count is zero already, and no done() is on its way.
    bool lock_to_wait() noexcept {
        std::int64_t seen = word_.load(std::memory_order_acquire);
        for (base::Backoff backoff; seen >= has_waiters;) {
            if (!(seen & Lock::bit)) {
                if (word_.compare_exchange_weak(seen, seen | has_waiters | Lock::bit, std::memory_order_acq_rel,
                                                std::memory_order_acquire))
                    return true;
            } else {
                backoff.pause();
                seen = word_.load(std::memory_order_acquire);
            }
        }
        return false;
    }

    // "Somebody waits" stays when the count has reached zero: the done() that did it is coming, and clears it. The caller
    // may count on, and destroy the group after that, so it does not leave before.
    void unlock_after_giving_up() noexcept {
        std::int64_t seen = word_.load(std::memory_order_relaxed);
        if (waiters_.empty())
            while (seen >= one)
                if (word_.compare_exchange_weak(seen, seen & ~(has_waiters | Lock::bit), std::memory_order_acq_rel))
                    return;
        Lock::unlock(word_);
        base::Backoff backoff;
        while ((seen = word_.load(std::memory_order_acquire)) >= has_waiters && seen < one) backoff.pause();
    }

    std::atomic<std::int64_t> word_{0};
    wait::WaitList waiters_;
};

} // namespace gofer::inline v1

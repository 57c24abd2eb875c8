// Cond: waits for what others will bring about under a lock. Go's sync.Cond, with the names of
// std::condition_variable_any.
//
// A waiter joins the list before it releases the caller's lock, so no notification that follows a change under that
// lock is lost; it may be claimed before it has parked, as in a select. A notification goes to one whose wait nothing
// else has ended: where it races with a deadline or a context, either it counts for that waiter or another one gets it.
// The list has a lock of its own, one bit of a word. It is not held while the caller's lock is released: that runs code
// of the user's.
// The Cond may be destroyed as soon as all waiters have been notified: one that was notified touches it no more. Hence
// `released`: a waiter that is claimed before it parks has to wait until the notifier is done with the list, and asks
// its own frame for that. (The tempting version passes through the lock of the list, which may be gone by then.)
// Orders: `released` (release) in wake() pairs with the load (acquire) in was_notified().
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>

#include <gofer/wait/waiter.hpp>
#include <gofer/wait/word_lock.hpp>

namespace gofer::inline v1 {

class Cond {
public:
    constexpr Cond() noexcept = default;
    Cond(const Cond&) = delete;
    Cond& operator=(const Cond&) = delete;

    /// Releases the lock, blocks until notified, and locks it again. Lock is anything with lock() and unlock(): a
    /// Mutex, a std::unique_lock of one. Nobody is woken for no reason, but what was notified may have changed
    /// again when the lock is back: wait with a predicate. What lock() and unlock() throw is passed on.
    template <class Lock>
    void wait(Lock& lock) {
        static_cast<void>(block(lock, wait::Until::forever()));
    }
    /// Waits until pred() is true. It is called with the lock held.
    template <class Lock, class Predicate>
        requires(!wait::Ending<Predicate>)
    void wait(Lock& lock, Predicate pred) {
        static_cast<void>(block_while_not(lock, wait::Until::forever(), pred));
    }

    /// Waits at most so long; cv_status::timeout: not notified.
    template <class Lock, class Rep, class Period>
    [[nodiscard]] std::cv_status wait_for(Lock& lock, std::chrono::duration<Rep, Period> d) {
        return status(block(lock, wait::Until::after(d)));
    }
    template <class Lock, class C, class D>
    [[nodiscard]] std::cv_status wait_until(Lock& lock, std::chrono::time_point<C, D> tp) {
        return status(block(lock, wait::Until::at(tp)));
    }
    /// Waits at most so long until pred() is true; what it was last.
    template <class Lock, class Rep, class Period, class Predicate>
    [[nodiscard]] bool wait_for(Lock& lock, std::chrono::duration<Rep, Period> d, Predicate pred) {
        return block_while_not(lock, wait::Until::after(d), pred);
    }
    template <class Lock, class C, class D, class Predicate>
    [[nodiscard]] bool wait_until(Lock& lock, std::chrono::time_point<C, D> tp, Predicate pred) {
        return block_while_not(lock, wait::Until::at(tp), pred);
    }

    /// Blocks until notified (true) or the context has ended (false). One that has ended already: false, and the lock
    /// was not released.
    template <class Lock, wait::Ending C>
    [[nodiscard]] bool wait(Lock& lock, const C& ctx) {
        return block(lock, wait::Until::end_of(ctx));
    }
    /// Waits until pred() is true, or the context ends; what it was last.
    template <class Lock, wait::Ending C, class Predicate>
    [[nodiscard]] bool wait(Lock& lock, const C& ctx, Predicate pred) {
        return block_while_not(lock, wait::Until::end_of(ctx), pred);
    }

    /// Wakes the waiter that has waited longest, or nobody. The lock need not be held. Go's Cond.Signal.
    void notify_one() noexcept { notify(1); }
    /// Wakes all who wait. Go's Cond.Broadcast.
    void notify_all() noexcept { notify(SIZE_MAX); }

private:
    using ListLock = wait::WordLock<std::uint32_t>;

    struct Sleeper : wait::Waiter {
        explicit Sleeper(wait::Episode& e) noexcept : Waiter(e, nullptr) {}
        bool must_wake = false;             // written by whoever has claimed it
        std::atomic<bool> released{false};  // the notifier touches the Cond no more
    };

    static std::cv_status status(bool notified) noexcept {
        return notified ? std::cv_status::no_timeout : std::cv_status::timeout;
    }

    template <class Lock, class Predicate>
    bool block_while_not(Lock& lock, wait::Until until, Predicate& pred) {
        while (!pred())
            if (!block(lock, until)) return pred();
        return true;
    }

    // True when notified.
    template <class Lock>
    bool block(Lock& lock, wait::Until until) {
        if (until.interrupted()) return false;
        base::EngineRegion engine;
        wait::Episode episode(until, true);
        Sleeper self(episode);
        ListLock::lock(word_);
        waiters_.push_back(self);
        ListLock::unlock(word_);
        release(lock, self);
        episode.park(task::WaitReason::cond, this, wait::Unlock::nothing());
        const bool notified = was_notified(self);
        {
            const wait::HoldUnwind hold(episode.goroutine()); // nobody leaves without the lock
            base::UserCode user;
            lock.lock();
        }
        episode.pass_unwind();
        return notified;
    }

    template <class Lock>
    void release(Lock& lock, Sleeper& self) {
        try {
            base::UserCode user;
            lock.unlock();
        } catch (...) {
            withdraw_unparked(self);
            throw;
        }
    }

    // A notification that has reached it already goes to the next.
    void withdraw_unparked(Sleeper& self) noexcept {
        ListLock::lock(word_);
        const bool claimed = self.episode->ended() == wait::Ended::by_partner;
        if (!claimed) waiters_.remove(self);
        ListLock::unlock(word_);
        if (!claimed) return;
        self.episode->park(task::WaitReason::cond, this, wait::Unlock::nothing());
        if (was_notified(self)) notify_one();
    }

    bool was_notified(Sleeper& self) noexcept {
        if (self.episode->ended() == wait::Ended::by_partner) {
            base::Backoff backoff;
            while (!self.released.load(std::memory_order_acquire)) backoff.pause();
            base::engine_acquire(&self);
            return true;
        }
        ListLock::lock(word_);
        waiters_.remove_if_linked(self);
        ListLock::unlock(word_);
        return false;
    }

    // Who came before the notifier's change is in the list to see, so a look without the lock is enough.
    void notify(std::size_t most) noexcept {
        if (!waiters_.empty()) notify_slow(most);
    }

    [[gnu::noinline]] void notify_slow(std::size_t most) noexcept {
        base::EngineRegion engine;
        wait::WaitList claimed;
        ListLock::lock(word_);
        while (most > 0) {
            auto* waiter = static_cast<Sleeper*>(waiters_.pop_front());
            if (!waiter) break;
            const wait::Claimed claim = waiter->claim();
            if (!claim) continue;
            waiter->must_wake = claim.must_wake;
            claimed.push_back(*waiter);
            --most;
        }
        ListLock::unlock(word_); // the last touch
        wake(claimed);
    }

    static void wake(wait::WaitList& claimed) noexcept {
        wait::WakeList woken;
        while (auto* waiter = static_cast<Sleeper*>(claimed.pop_front())) {
            woken.add({waiter->episode, waiter->must_wake});
            base::engine_release(waiter);
            waiter->released.store(true, std::memory_order_release); // its frame may be gone now, unless we must wake it
        }
        woken.wake_all();
    }

    std::atomic<std::uint32_t> word_{0};
    wait::WaitList waiters_;
};

} // namespace gofer::inline v1

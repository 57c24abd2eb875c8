// An event that happens once and stays: who waits for it, and that it has happened. A Future's state is one, and select
// has a case for anything that has one, so neither sync/ nor chan/ need know the other.
//
// `happened` is set once, under the lock, and whoever sets it touches nothing afterwards but those it has claimed.
// Orders: the store (release) in happen() pairs with the load (acquire) in happened().
#pragma once

#include <atomic>
#include <concepts>
#include <memory>

#include <gofer/base/spin_lock.hpp>
#include <gofer/wait/waiter.hpp>

namespace gofer::inline v1::wait {

class Event {
public:
    bool happened() const noexcept { return happened_.load(std::memory_order_acquire); }

    bool wait(Until until, task::WaitReason reason) {
        if (happened()) return true;
        base::EngineRegion engine;
        lock_.lock();
        if (happened()) {
            lock_.unlock();
            base::engine_acquire(&happened_);
            return true;
        }
        if (until.over()) {
            lock_.unlock();
            return false;
        }
        Episode episode(until);
        Waiter self(episode, nullptr);
        waiters_.push_back(self);
        episode.park(reason, this, Unlock::of(lock_));
        if (episode.ended() == Ended::by_partner) return true;
        withdraw(self);
        episode.pass_unwind();
        return false;
    }

    /// For select: puts a waiter in the list unless it has happened already.
    bool enlist(Waiter& waiter) noexcept {
        lock_.lock();
        const bool pending = !happened();
        if (pending) waiters_.push_back(waiter);
        lock_.unlock();
        return pending;
    }
    void withdraw(Waiter& waiter) noexcept {
        lock_.lock();
        waiters_.remove_if_linked(waiter);
        lock_.unlock();
    }

protected:
    void happen() noexcept {
        base::tsan_release(&happened_);
        base::EngineRegion engine;
        ReleaseList woken;
        lock_.lock();
        happened_.store(true, std::memory_order_release);
        woken.claim_all(waiters_, Outcome::done);
        lock_.unlock();
        woken.wake_all();
    }

private:
    base::SpinLock lock_;
    std::atomic<bool> happened_{false};
    WaitList waiters_;
};

/// What select can wait for beside channels: a handle with a hidden friend that tells its event. Null: never.
template <class F>
concept Eventual = requires(const F& f) {
    { event_of(f) } noexcept -> std::convertible_to<std::shared_ptr<Event>>;
};

} // namespace gofer::inline v1::wait

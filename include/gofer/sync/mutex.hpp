// Mutex: mutual exclusion between goroutines and plain threads. Go's sync.Mutex, with the C++ TimedLockable names.
//
// One word: locked, "somebody waits", "somebody was woken and is on the way", "somebody starves", and the lock of the
// wait list.
// - Uncontended: one compare-and-swap to lock, one to unlock.
// - Normal: a released mutex is free for whoever comes first, since the one who runs now gets through without a
//   switch. One waiter at most is woken and on the way; until it has tried again, releasing costs no more than
//   without waiters. A waiter spins shortly before it parks.
// - Starving: a waiter that tries again in vain after over 1 ms turns barging off; the mutex is handed to the waiters
//   in order until one of them has waited less (Go, sync/mutex.go, "starvation mode").
// - The store that releases the mutex is the last touch: the next owner may destroy it. While the lock of the list is
//   held nobody else changes the word, so list and mutex are released by one store.
#pragma once

#include <atomic>
#include <cstdint>

#include <gofer/base/fatal.hpp>
#include <gofer/wait/waiter.hpp>
#include <gofer/wait/word_lock.hpp>

namespace gofer::inline v1 {

class Mutex {
public:
    constexpr Mutex() noexcept = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    /// Blocks until the mutex is the caller's.
    void lock() {
        if (!try_lock()) [[unlikely]]
            static_cast<void>(lock_slow(wait::Until::forever()));
    }

    [[nodiscard]] bool try_lock() noexcept {
        std::uint32_t seen = word_.load(std::memory_order_relaxed);
        while (!(seen & (locked | starving))) {
            seen &= ~Lock::bit; // a list that is locked is unlocked within nanoseconds
            if (word_.compare_exchange_weak(seen, seen | locked, std::memory_order_acquire)) return true;
        }
        return false;
    }
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_for(std::chrono::duration<Rep, Period> d) {
        return try_lock() || try_until(wait::Until::after(d));
    }
    template <class C, class D>
    [[nodiscard]] bool try_lock_until(std::chrono::time_point<C, D> tp) {
        return try_lock() || try_until(wait::Until::at(tp));
    }

    /// Any goroutine may unlock. Unlocking a mutex that is not locked is a fatal error.
    void unlock() {
        std::uint32_t seen = word_.load(std::memory_order_relaxed);
        while (nobody_to_wake(seen)) {
            seen &= ~Lock::bit;
            if (word_.compare_exchange_weak(seen, seen & ~locked, std::memory_order_release)) return;
        }
        unlock_slow();
    }

private:
    using Lock = wait::WordLock<std::uint32_t>;
    static constexpr std::uint32_t locked = 2;
    static constexpr std::uint32_t has_waiters = 4;
    static constexpr std::uint32_t woken = 8;
    static constexpr std::uint32_t starving = 16;
    static constexpr std::int64_t starving_after_ns = 1'000'000;

    struct Queued : wait::Waiter {
        explicit Queued(wait::Episode& e) noexcept : Waiter(e, nullptr) {}
        bool handed_over = false;
    };

    static bool nobody_to_wake(std::uint32_t word) noexcept {
        return (word & locked) && (!(word & has_waiters) || (word & (woken | starving)) == woken);
    }

    bool try_until(wait::Until until) { return !until.over() && lock_slow(until); }

    // Short, since whoever holds it may be switched out; none where no other worker could release it.
    bool spin() noexcept {
        const sched::Worker* w = sched::this_worker();
        if (w && w->scheduler->workers.on_duty() == 1) return false;
        for (int round = 0; round < 4; ++round) {
            for (int i = 0; i < 30; ++i) base::cpu_relax();
            if (try_lock()) return true;
        }
        return false;
    }

    [[gnu::noinline]] bool lock_slow(wait::Until until) {
        if (spin()) return true;
        const std::int64_t since = base::now_ns();
        for (bool was_woken = false;; was_woken = true) {
            if (was_woken && spin()) {
                base::EngineRegion engine;
                Lock::lock(word_); // whoever holds the list's lock changes the word by plain stores
                Lock::unlock(word_, woken);
                return true;
            }
            const Turn turn = wait_once(until, since, was_woken);
            if (turn != Turn::again) return turn == Turn::got;
        }
    }

    enum class Turn { again, got, timed_out };

    // Takes the mutex if it is free, else waits in the list until woken or until it is handed over.
    Turn wait_once(wait::Until until, std::int64_t since, bool was_woken) {
        base::EngineRegion engine;
        std::uint32_t seen = Lock::lock(word_);
        if (was_woken) seen &= ~woken;
        if (!(seen & (locked | starving))) {
            word_.store(seen | locked, std::memory_order_release);
            base::engine_acquire(&word_);
            return Turn::got;
        }
        wait::Episode episode(until);
        Queued self(episode);
        if (was_woken)
            waiters_.push_front(self);
        else
            waiters_.push_back(self);
        if (was_woken && base::now_ns() - since > starving_after_ns) seen |= starving;
        word_.store(seen | has_waiters | Lock::bit, std::memory_order_relaxed);
        episode.park(task::WaitReason::mutex, this, Lock::unlocker(word_));
        if (episode.ended() != wait::Ended::by_partner) return give_up(self);
        if (!self.handed_over) return Turn::again;
        if (base::now_ns() - since < starving_after_ns) {
            Lock::lock(word_);
            Lock::unlock(word_, starving);
        }
        return Turn::got;
    }

    Turn give_up(Queued& self) noexcept {
        Lock::lock(word_);
        waiters_.remove_if_linked(self);
        Lock::unlock(word_, waiters_.empty() ? has_waiters | starving : 0);
        return Turn::timed_out;
    }

    [[gnu::noinline]] void unlock_slow() {
        base::EngineRegion engine;
        base::engine_release(&word_);
        const std::uint32_t seen = Lock::lock(word_);
        if (!(seen & locked)) base::fatal("gofer: unlock of a Mutex that is not locked");
        std::uint32_t after = seen & (woken | starving);
        wait::Claimed next;
        if (!(seen & woken) || (seen & starving)) {
            wait::Waiter* waiter = nullptr;
            next = wait::claim_first(waiters_, waiter);
            if (next && (seen & starving)) {
                static_cast<Queued*>(waiter)->handed_over = true;
                after |= locked;
            } else if (next) {
                after |= woken;
            }
        }
        if (waiters_.empty())
            after &= ~starving;
        else
            after |= has_waiters;
        word_.store(after, std::memory_order_release); // the last touch
        next.wake();
    }

    std::atomic<std::uint32_t> word_{0};
    wait::WaitList waiters_;
};

} // namespace gofer::inline v1

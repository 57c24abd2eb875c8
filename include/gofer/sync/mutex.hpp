// Mutex: mutual exclusion between goroutines and plain threads. Go's sync.Mutex, with the C++ TimedLockable names.
//
// One word: locked, "somebody waits", "somebody was woken and is on the way", and the lock of the wait list.
// - Uncontended: one compare-and-swap to lock, one to unlock.
// - Normal: a released mutex is free for whoever comes first, since the one who runs now gets through without a
//   switch; the woken waiter tries again. A waiter spins shortly before it parks.
// - Starving: a waiter over 1 ms old is handed the mutex; nobody can barge in (Go, sync/mutex.go, "starvation mode").
// - The store that releases the mutex is the last touch: the next owner may destroy it. So the list is unlocked and
//   the mutex released by one store, while both are held.
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
        std::uint32_t expected = 0;
        if (!word_.compare_exchange_strong(expected, locked, std::memory_order_acquire)) [[unlikely]]
            static_cast<void>(lock_slow(wait::Until::forever()));
    }

    [[nodiscard]] bool try_lock() noexcept {
        std::uint32_t seen = word_.load(std::memory_order_relaxed);
        while (!(seen & locked)) {
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
        std::uint32_t expected = locked;
        if (!word_.compare_exchange_strong(expected, 0, std::memory_order_release)) [[unlikely]]
            unlock_slow();
    }

private:
    using Lock = wait::WordLock<std::uint32_t>;
    static constexpr std::uint32_t locked = 2;
    static constexpr std::uint32_t has_waiters = 4;
    static constexpr std::uint32_t woken = 8;
    static constexpr std::int64_t starving_after_ns = 1'000'000;

    struct Queued : wait::Waiter {
        Queued(wait::Episode& e, std::int64_t first_wait) noexcept : Waiter(e, nullptr), since(first_wait) {}
        std::int64_t since;
        bool handed_over = false;
    };

    bool try_until(wait::Until until) { return !until.over() && lock_slow(until); }

    // Short, since whoever holds it may be switched out; none where no other worker could release it.
    bool spin() noexcept {
        const sched::Worker* w = sched::this_worker();
        if (w && w->scheduler->workers.size() == 1) return false;
        for (int round = 0; round < 4; ++round) {
            for (int i = 0; i < 30; ++i) base::cpu_relax();
            const std::uint32_t seen = word_.load(std::memory_order_relaxed);
            if (!(seen & locked) && try_lock()) return true;
        }
        return false;
    }

    [[gnu::noinline]] bool lock_slow(wait::Until until) {
        if (spin()) return true;
        std::int64_t since = 0;
        bool was_woken = false;
        for (;;) {
            bool got = false;
            if (!wait_once(until, since, was_woken, got)) return false;
            if (got) return true;
            was_woken = true;
            if (spin()) {
                base::EngineRegion engine;
                Lock::lock(word_); // whoever holds the list's lock changes the word by plain stores
                Lock::unlock(word_, woken);
                return true;
            }
        }
    }

    // Takes the mutex if it is free, else waits in the list until woken (`got`: it was handed over). False: the time
    // is over.
    bool wait_once(wait::Until until, std::int64_t& since, bool was_woken, bool& got) {
        base::EngineRegion engine;
        std::uint32_t seen = Lock::lock(word_);
        if (was_woken) seen &= ~woken;
        if (!(seen & locked)) {
            word_.store(seen | locked, std::memory_order_release);
            base::engine_acquire(&word_);
            got = true;
            return true;
        }
        if (since == 0) since = base::now_ns();
        wait::Episode episode(until);
        Queued self(episode, since);
        if (was_woken)
            waiters_.push_front(self);
        else
            waiters_.push_back(self);
        word_.store(seen | has_waiters | Lock::bit, std::memory_order_relaxed);
        episode.park(task::WaitReason::mutex, this, Lock::unlocker(word_));
        if (episode.ended() != wait::Ended::by_partner) return give_up(self);
        got = self.handed_over;
        return true;
    }

    bool give_up(Queued& self) noexcept {
        Lock::lock(word_);
        waiters_.remove_if_linked(self);
        Lock::unlock(word_, waiters_.empty() ? has_waiters : 0);
        return false;
    }

    [[gnu::noinline]] void unlock_slow() {
        base::EngineRegion engine;
        base::engine_release(&word_);
        const std::uint32_t seen = Lock::lock(word_);
        if (!(seen & locked)) base::fatal("gofer: unlock of a Mutex that is not locked");
        wait::Claimed next;
        wait::Waiter* waiter = nullptr;
        const bool someone_is_coming = seen & woken;
        if (!someone_is_coming || oldest_starves()) next = wait::claim_first(waiters_, waiter);
        std::uint32_t after = (seen & woken) | (waiters_.empty() ? 0 : has_waiters);
        if (next) {
            auto& queued = static_cast<Queued&>(*waiter);
            queued.handed_over = base::now_ns() - queued.since > starving_after_ns;
            after |= queued.handed_over ? locked : woken;
        }
        word_.store(after, std::memory_order_release); // the last touch
        next.wake();
    }

    bool oldest_starves() const noexcept {
        const auto* oldest = static_cast<const Queued*>(waiters_.front());
        return oldest && base::now_ns() - oldest->since > starving_after_ns;
    }

    std::atomic<std::uint32_t> word_{0};
    wait::WaitList waiters_;
};

} // namespace gofer::inline v1

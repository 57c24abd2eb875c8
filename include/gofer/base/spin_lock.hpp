// The lock of the engine: held for a few dozen instructions, released with a store, so that it may be taken by one
// goroutine and released by the next one on the same thread (see fiber/switch.hpp).
//
// One atomic read-modify-write to take, a store to release. Where more threads run than there are processors the
// holder may be switched out, so a waiter spins for about a microsecond, then gives its processor away.
// Orders: the exchange (acquire) pairs with the store (release) of unlock().
#pragma once

#include <atomic>
#include <sched.h>

namespace gofer::inline v1::base {

inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#else
    std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

/// One step of waiting for something that another thread does within nanoseconds, if it runs at all.
class Backoff {
public:
    void pause() noexcept {
        if (++steps_ > 10) {
            ::sched_yield();
            return;
        }
        for (unsigned i = 0; i < (1u << (steps_ < 6 ? steps_ : 6)); ++i) cpu_relax();
    }

private:
    unsigned steps_ = 0;
};

class SpinLock {
public:
    constexpr SpinLock() noexcept = default;
    SpinLock(const SpinLock&) = delete;
    SpinLock& operator=(const SpinLock&) = delete;

    void lock() noexcept {
        if (locked_.exchange(true, std::memory_order_acquire)) [[unlikely]]
            lock_slow();
    }
    bool try_lock() noexcept {
        return !locked_.load(std::memory_order_relaxed) && !locked_.exchange(true, std::memory_order_acquire);
    }
    /// For reports: gives up after so many looks, since the holder may be the one that reports.
    [[gnu::noinline]] bool try_lock(int tries) noexcept {
        Backoff backoff;
        for (; !try_lock(); backoff.pause())
            if (tries-- == 0) return false;
        return true;
    }
    void unlock() noexcept { locked_.store(false, std::memory_order_release); }

private:
    [[gnu::noinline]] void lock_slow() noexcept {
        Backoff backoff;
        do {
            while (locked_.load(std::memory_order_relaxed)) backoff.pause();
        } while (locked_.exchange(true, std::memory_order_acquire));
    }

    std::atomic<bool> locked_{false};
};

} // namespace gofer::inline v1::base

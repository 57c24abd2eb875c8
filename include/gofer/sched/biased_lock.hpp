// The lock of a channel: a spin lock that leans towards the worker that keeps taking it. While only goroutines of one
// worker use the channel, taking it is two plain stores and two loads instead of an atomic read-modify-write, which
// waits for every store before it and is the largest single cost of a channel operation (4.7 of 10 ns here).
//
// Biased locking after Kawachiya, Koseki and Onodera (OOPSLA 2002), with membarrier for the owner's fence:
// - The bias is given under the spin lock, to a worker that took it many times in a row, and always to the same one:
//   a worker that was about to enter by an old bias may still touch `owner_in_` later.
// - The owner sets `owner_in_`, passes a light barrier, and reads `bias_` again. Anyone else takes the spin lock,
//   clears `bias_`, passes a heavy barrier, and waits while `owner_in_`. One of the two sees the other. Where the kernel
//   has no membarrier, the owner would need a fence, which costs as much as the lock: there is no bias there.
// - Each bias that had to be taken back makes the next one four times as hard to get, so that a channel between two
//   workers pays for a handful of barriers in its life.
// Like every lock of the engine it may be released by another goroutine, on the thread that took it.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <gofer/base/futex.hpp>
#include <gofer/base/spin_lock.hpp>
#include <gofer/sched/plain_threads.hpp>
#include <gofer/sched/this_worker.hpp>

namespace gofer::inline v1::sched {

class BiasedLock {
public:
    BiasedLock() noexcept = default;
    BiasedLock(const BiasedLock&) = delete;
    BiasedLock& operator=(const BiasedLock&) = delete;

    void lock() noexcept {
        const Worker* w = this_worker();
        if (w && bias_.load(std::memory_order_relaxed) == w) {
            owner_in_.store(true, std::memory_order_relaxed);
            base::light_barrier(); // partner: heavy_barrier in take_back()
            if (bias_.load(std::memory_order_relaxed) == w) [[likely]] {
                held_by_bias_ = true;
                return;
            }
            owner_in_.store(false, std::memory_order_release);
        }
        lock_unbiased(w);
    }

    [[gnu::always_inline]] void unlock() noexcept {
        if (held_by_bias_)
            owner_in_.store(false, std::memory_order_release); // partner: the acquire in take_back()
        else
            spin_.unlock();
    }

private:
    static constexpr std::uint32_t first_streak = 64;
    static constexpr std::uint32_t longest_streak = 1u << 20;

    [[gnu::noinline]] void lock_unbiased(const Worker* w) noexcept {
        if (!w) PlainThreads::note();
        spin_.lock();
        if (bias_.load(std::memory_order_relaxed)) take_back();
        held_by_bias_ = false;
        if (w && w == candidate_) {
            if (++streak_ >= needed_ && base::asymmetric_barriers())
                bias_.store(w, std::memory_order_relaxed); // counts from the next time on
        } else if (needed_ == first_streak) { // never biased yet, so the candidate may change
            candidate_ = w;
            streak_ = 0;
        } else {
            streak_ = 0;
        }
    }

    void take_back() noexcept {
        bias_.store(nullptr, std::memory_order_relaxed);
        base::heavy_barrier();
        base::Backoff backoff;
        while (owner_in_.load(std::memory_order_acquire)) backoff.pause();
        streak_ = 0;
        if (needed_ < longest_streak) needed_ *= 4;
    }

    base::SpinLock spin_;
    std::atomic<bool> owner_in_{false};
    bool held_by_bias_ = false;                // guarded by this lock, as are those below
    std::atomic<const Worker*> bias_{nullptr}; // written under spin_
    const Worker* candidate_ = nullptr;
    std::uint32_t streak_ = 0;
    std::uint32_t needed_ = first_streak;
};

/// A scope that holds a BiasedLock. What std::unique_lock would be, whose every unlock() asks first whether it owns.
class Locked {
public:
    explicit Locked(BiasedLock& lock) noexcept : lock_(&lock) { lock.lock(); }
    [[gnu::always_inline]] ~Locked() {
        if (lock_) lock_->unlock();
    }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

    /// While it is held.
    [[gnu::always_inline]] void unlock() noexcept { std::exchange(lock_, nullptr)->unlock(); }
    /// Whoever comes after unlocks it.
    void release() noexcept { lock_ = nullptr; }

private:
    BiasedLock* lock_;
};

} // namespace gofer::inline v1::sched

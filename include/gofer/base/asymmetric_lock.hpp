// A lock that one thread takes all the time and others hardly ever: the owner's side is two plain stores and a load,
// a third of what an atomic read-modify-write costs; the others pay with a membarrier call.
//
// Dekker's algorithm with an asymmetric barrier (Dice, Moir and Scherer, "Quickly reacquirable locks", 2003):
// the owner sets `owner_in`, passes a light barrier, and reads `visited`; a visitor sets `visited`, passes a heavy
// barrier, and waits while `owner_in`. Where the kernel has no membarrier the light barrier is a full fence.
#pragma once

#include <atomic>

#include <gofer/base/futex.hpp>
#include <gofer/base/spin_lock.hpp>

namespace gofer::inline v1::base {

class AsymmetricLock {
public:
    AsymmetricLock() noexcept = default;
    AsymmetricLock(const AsymmetricLock&) = delete;
    AsymmetricLock& operator=(const AsymmetricLock&) = delete;

    /// The owner's side; always the same thread.
    [[gnu::always_inline]] void lock() noexcept {
        owner_in_.store(true, std::memory_order_relaxed);
        light_barrier(asymmetric_); // partner: heavy_barrier in visit()
        if (visited_.load(std::memory_order_acquire)) [[unlikely]]
            wait_for_visitor();
    }
    void unlock() noexcept { owner_in_.store(false, std::memory_order_release); } // partner: the acquire in visit()

    /// The others' side. False: another visitor is there already.
    bool visit() noexcept {
        if (!visitors_.try_lock()) return false;
        visited_.store(true, std::memory_order_relaxed);
        heavy_barrier();
        Backoff backoff;
        while (owner_in_.load(std::memory_order_acquire)) backoff.pause();
        return true;
    }
    void leave() noexcept {
        visited_.store(false, std::memory_order_release); // partner: the acquire in lock()
        visitors_.unlock();
    }

private:
    [[gnu::noinline]] void wait_for_visitor() noexcept {
        Backoff backoff;
        do {
            owner_in_.store(false, std::memory_order_release);
            while (visited_.load(std::memory_order_acquire)) backoff.pause();
            owner_in_.store(true, std::memory_order_relaxed);
            light_barrier(asymmetric_);
        } while (visited_.load(std::memory_order_acquire));
    }

    std::atomic<bool> owner_in_{false};
    std::atomic<bool> visited_{false};
    const bool asymmetric_ = asymmetric_barriers();
    SpinLock visitors_;
};

} // namespace gofer::inline v1::base

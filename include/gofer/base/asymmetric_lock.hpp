// A lock that one thread takes all the time and others hardly ever: the owner's side is two plain stores and a load,
// a third of what an atomic read-modify-write costs; the others pay with a membarrier call.
//
// Dekker's algorithm with an asymmetric barrier (Dice, Moir and Scherer, "Quickly reacquirable locks", 2003):
// the owner sets `owner_in`, passes a light barrier, and reads `visited`; a visitor sets `visited`, passes a heavy
// barrier, and waits while `owner_in`. Where the kernel has no membarrier the owner needs a full fence; a bit of `visited`
// that is always set there sends it out of line, so that nobody else pays for the question.
#pragma once

#include <atomic>
#include <cstdint>

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
        light_barrier(); // partner: heavy_barrier in visit()
        if (visited_.load(std::memory_order_acquire) != 0) [[unlikely]]
            lock_slow();
    }
    void unlock() noexcept { owner_in_.store(false, std::memory_order_release); } // partner: the acquire in visit()

    /// The others' side. False: another visitor is there already.
    bool visit() noexcept {
        if (!visitors_.try_lock()) return false;
        visited_.store(always_ | by_visitor, std::memory_order_relaxed);
        heavy_barrier();
        Backoff backoff;
        while (owner_in_.load(std::memory_order_acquire)) backoff.pause();
        return true;
    }
    void leave() noexcept {
        visited_.store(always_, std::memory_order_release); // partner: the acquire in lock()
        visitors_.unlock();
    }

private:
    static constexpr std::uint8_t by_visitor = 1;
    static constexpr std::uint8_t needs_fence = 2;

    bool visited() const noexcept { return visited_.load(std::memory_order_acquire) & by_visitor; }

    [[gnu::noinline]] void lock_slow() noexcept {
        Backoff backoff;
        light_barrier_out_of_line();
        while (visited()) {
            owner_in_.store(false, std::memory_order_release);
            while (visited()) backoff.pause();
            owner_in_.store(true, std::memory_order_relaxed);
            light_barrier_out_of_line();
        }
    }

    std::atomic<bool> owner_in_{false};
    const std::uint8_t always_ = asymmetric_barriers() ? 0 : needs_fence;
    std::atomic<std::uint8_t> visited_{always_};
    SpinLock visitors_;
};

} // namespace gofer::inline v1::base

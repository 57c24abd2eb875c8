// The bias of a lock that user code holds: while only goroutines of one worker use it, locking and unlocking are plain
// loads and stores. The lock of a channel has one of its own (biased_lock.hpp), which may rely on more: it is held for a few
// instructions, by one thread, and the channel outlives them. Whoever has this one may wait meanwhile, go on at another
// worker, and unlock there; and who takes it next may destroy it at once.
//
// Biased locking after Kawachiya, Koseki and Onodera (OOPSLA 2002), the owner's fence replaced by membarrier, and its
// access announced as with hazard pointers (Michael, IEEE TPDS 15 (6), 2004):
// - Before it looks at the lock, the owner says at which it is, in its Presence; afterwards it says that it is gone. So
//   the bias is taken back by three steps: clear it, pass a heavy barrier, and wait until its owner is not there. Whatever
//   the owner had begun is over then, the release of a lock that may be destroyed too, and what it begins later sees that
//   the bias is gone. A Presence outlives its worker, as a worker may end before a lock does.
// - The loss is bounded: a bias that has to be taken back costs the other one some 10 microseconds, and has been earned by a
//   thousand locks and more, each of which it makes eight nanoseconds cheaper from then on. Each makes the next one four
//   times as hard to get; after four, or sixteen changes of the worker, the lock is shared for good and nobody counts any
//   more. Until then each lock is counted, one plain store, 1.8 of 11 ns, and every sixteenth asks which worker it is.
// Where the kernel has no membarrier there is no bias, nor for a lock that a plain thread has taken a thousand times.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include <gofer/base/futex.hpp>
#include <gofer/base/sanitizer.hpp>
#include <gofer/base/spin_lock.hpp>
#include <gofer/sched/fork.hpp>
#include <gofer/sched/this_worker.hpp>

namespace gofer::inline v1::sched {

class Bias {
public:
    constexpr Bias() noexcept = default;
    Bias(const Bias&) = delete;
    Bias& operator=(const Bias&) = delete;

    /// Whether it is biased, towards whatever worker: by one look that a lock without bias can afford.
    bool on() const noexcept { return !(lean_.load(std::memory_order_relaxed) & off); }

    /// Takes the lock if it is biased towards the calling thread, and free.
    [[gnu::always_inline]] bool lock() noexcept {
        return as_owner([this]() noexcept {
            if (held_.load(std::memory_order_acquire)) return false;
            held_.store(true, std::memory_order_relaxed);
            return true;
        });
    }
    /// Releases the lock if it is biased towards the calling thread, and held. Touches nothing of it after others can see
    /// that the calling thread has left.
    [[gnu::always_inline]] bool unlock() noexcept {
        return as_owner([this]() noexcept {
            if (!held_.load(std::memory_order_relaxed)) return false;
            held_.store(false, std::memory_order_release); // partner: the acquire in lock() and take_back()
            return true;
        });
    }

    /// Counts a lock that was not biased, by whoever has it now. True: it is time for a bias; see give().
    [[gnu::always_inline]] bool count() noexcept {
        if (lean_.load(std::memory_order_relaxed) == nowhere) [[likely]]
            return false;
        return ++streak_ % sampled == 0 && deserves_bias();
    }
    /// Biases the lock, which the caller has, towards its thread; it is held by the bias then. `publish()` says whether
    /// it is only now that others can find the bias, or never.
    template <class Publish>
    void give(Publish publish) noexcept {
        Presence* const here = this_presence();
        streak_ = 0;
        if (!here || !base::asymmetric_barriers()) return lean_.store(nowhere, std::memory_order_relaxed);
        held_.store(true, std::memory_order_relaxed);
        lean_.store(reinterpret_cast<std::uintptr_t>(here), std::memory_order_relaxed);
        if (publish()) return;
        lean_.store(candidate(here), std::memory_order_relaxed);
        held_.store(false, std::memory_order_relaxed);
    }

    /// Whether the calling thread is the one it is biased towards.
    bool is_here() const noexcept { return leans_to(this_presence()); }

    /// Ends the bias, one caller at a time. True: the lock is held.
    bool take_back() noexcept {
        auto* const owner = reinterpret_cast<Presence*>(lean_.load(std::memory_order_relaxed));
        lean_.store(candidate(owner), std::memory_order_relaxed);
        if (owner != this_presence()) {
            base::heavy_barrier(); // partner: light_barrier in as_owner()
            base::Backoff backoff;
            while (owner->at.load(std::memory_order_acquire) == this && !is_in_parent()) backoff.pause();
        }
        base::engine_acquire(&held_);
        const bool held = held_.load(std::memory_order_acquire);
        held_.store(false, std::memory_order_relaxed);
        streak_ = 0;
        needed_bits_ += 2;
        use_up(first_chances / most_biases);
        return held;
    }

private:
    static constexpr std::uint8_t first_bits = 10; // a streak of 2 to the power of that
    static constexpr std::uint32_t sampled = 16; // of so many locks, one asks who takes it
    static constexpr std::uint8_t first_chances = 16;
    static constexpr std::uint8_t most_biases = 4; // in the life of a lock
    static constexpr std::uintptr_t nowhere = 2; // no worker's Presence, nor a candidate
    static constexpr std::uintptr_t off = 3;

    static std::uintptr_t candidate(const Presence* p) noexcept { return reinterpret_cast<std::uintptr_t>(p) | 1; }

    bool leans_to(const Presence* p) const noexcept {
        return lean_.load(std::memory_order_relaxed) == reinterpret_cast<std::uintptr_t>(p);
    }
    // `step()`, if it is biased towards the calling thread; false if not. That it is here is released, since that may be what
    // the acquire in take_back() reads: what the owner did to the lock it was at before.
    template <class Step>
    [[gnu::always_inline]] bool as_owner(Step step) noexcept {
        Worker* const w = this_worker();
        if (!w) return false;
        Presence& here = w->presence;
        here.at.store(this, std::memory_order_release);
        base::light_barrier(); // partner: heavy_barrier in take_back()
        const bool done = leans_to(&here) && step();
        here.at.store(nullptr, std::memory_order_release); // partner: the acquire in take_back()
        return done;
    }

    // Where the owner is, if this is the child of a fork: it does not come out any more, and `held_` is what it is.
    static bool is_in_parent() noexcept { return forked().load(std::memory_order_relaxed); }

    [[gnu::noinline]] bool deserves_bias() noexcept {
        const std::uintptr_t here = candidate(this_presence());
        if (lean_.load(std::memory_order_relaxed) == here) return streak_ >> needed_bits_ != 0;
        streak_ = 0;
        lean_.store(here, std::memory_order_relaxed);
        use_up(1);
        return false;
    }
    void use_up(std::uint8_t chances) noexcept {
        chances_ -= std::min(chances_, chances);
        if (chances_ == 0) lean_.store(nowhere, std::memory_order_relaxed);
    }

    std::atomic<std::uintptr_t> lean_{1}; // a Presence; or that of a candidate with the lowest bit set; or nowhere
    std::uint32_t streak_ = 0; // as the next two: of whoever has the lock, or ends its bias
    std::uint8_t needed_bits_ = first_bits;
    std::uint8_t chances_ = first_chances;
    std::atomic<bool> held_{false}; // while it is biased
};

} // namespace gofer::inline v1::sched

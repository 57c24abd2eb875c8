// What happens under a channel's lock: values go into the ring, out of it, or straight from a sender's frame to a
// receiver's. The calls that block, and what select needs, stand above it in channel_core.hpp.
//
// Invariants, under the lock:
//   - receivers wait only while the ring is empty and no sender waits; senders only while the ring is full
//   - so at least one of the two lists is empty, but for a single goroutine that selects on both
//   - a closed channel has no waiters
// A value goes straight from the sender to the receiver's frame when one of them waits already (as Go's sendDirect).
// Nobody touches the core after it has released the lock: the call it wakes may drop the last handle.
//
// TSan is shown the edges of Go's memory model: through the slot of a buffered value, and between the two sides of a
// direct hand-over; not the lock, which would order calls that Go leaves unordered.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>

#include <gofer/chan/outline.hpp>
#include <gofer/chan/ring.hpp>
#include <gofer/chan/transfer.hpp>
#include <gofer/sched/biased_lock.hpp>
#include <gofer/wait/waiter.hpp>

namespace gofer::inline v1::chan {

/// What a sender that waits has to offer, put into its place in the list and read there by its partner.
template <class T>
void put_offer(wait::Waiter& sender, Offer<T> offer) noexcept {
    sender.data = offer.value;
    sender.copy = reinterpret_cast<void (*)()>(offer.copy);
}
template <class T>
Offer<T> offer_of(const wait::Waiter& sender) noexcept {
    return {static_cast<T*>(sender.data), reinterpret_cast<typename Offer<T>::Copy>(sender.copy)};
}

enum class Result : std::uint8_t { pending, done, closed, timed_out, interrupted };

template <class T>
class Exchange : public Outline {
public:
    std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
    std::size_t capacity() const noexcept { return ring_.capacity(); }
    bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

    /// Hints without the lock. Exact for whatever happened before the call.
    bool may_receive() const noexcept { return size() > 0 || !senders_.empty() || closed(); }
    bool may_send() const noexcept { return size() < capacity() || !receivers_.empty() || closed(); }

protected:
    using Locked = sched::Locked;
    static constexpr bool throws = !std::is_nothrow_move_constructible_v<T> ||
                                   (std::is_copy_constructible_v<T> && !std::is_nothrow_copy_constructible_v<T>);

    explicit Exchange(std::size_t capacity) : Outline(capacity), ring_(capacity) {}
    ~Exchange() = default;

    // Done or closed, with the lock released; pending with the lock held. What a move of the value throws is the
    // caller's: nothing has changed then.
    Result send_now(Offer<T> offer, Locked& lock) {
        if (closed()) {
            lock.unlock();
            base::engine_acquire(&closed_);
            return Result::closed;
        }
        wait::Waiter* receiver = nullptr;
        if (wait::Claimed claimed = wait::claim_first(receivers_, receiver)) {
            hand_over(offer, claimed, *receiver, lock);
            return Result::done;
        }
        if (ring_.full()) return Result::pending;
        put_in_ring(offer);
        return Result::done;
    }

    Result receive_now(std::optional<T>& out, Locked& lock) {
        if (!ring_.empty()) {
            take_from_ring(out);
            wait::WakeList woken;
            refill(woken);
            size_.store(ring_.size(), std::memory_order_relaxed); // once: no hint is to see the slot free in between
            lock.unlock();
            woken.wake_all();
            return Result::done;
        }
        if (take_from_sender(out, lock)) return Result::done;
        if (!closed()) return Result::pending;
        lock.unlock();
        base::engine_acquire(&closed_);
        return Result::closed;
    }

    sched::BiasedLock lock_;
    std::atomic<bool> closed_{false};
    wait::WaitList receivers_;
    wait::WaitList senders_;

private:
    void put_in_ring(Offer<T> offer) {
        T* slot = ring_.next_free();
        base::engine_acquire(slot);
        construct(slot, offer);
        base::engine_release(slot);
        ring_.pushed();
        size_.store(ring_.size(), std::memory_order_relaxed);
    }

    void hand_over(Offer<T> offer, wait::Claimed claimed, wait::Waiter& receiver,
                   Locked& lock) {
        auto& out = *static_cast<std::optional<T>*>(receiver.data);
        if constexpr (throws) {
            try {
                emplace_for(claimed, out, offer);
            } catch (...) {
                receiver.outcome = wait::Outcome::retry; // it waits again; the exception is the sender's
                lock.unlock();
                claimed.wake();
                throw;
            }
        } else {
            emplace_for(claimed, out, offer);
        }
        base::engine_release(claimed.episode); // partner: the acquire of a select that was not parked yet
        lock.unlock();
        claimed.wake();
    }

    // Unbuffered, the receive happens before the send completes. Buffered, it does not, though the value goes straight
    // to the receiver's frame: then TSan must not see the sender write there.
    void emplace_for(wait::Claimed receiver, std::optional<T>& out, Offer<T> offer) {
        if (capacity() > 0) return emplace_unseen(out, offer);
        base::engine_acquire(receiver.episode);
        emplace(out, offer);
    }

    void take_from_ring(std::optional<T>& out) {
        T* slot = ring_.oldest();
        base::engine_acquire(slot);
        {
            base::UserCode user;
            out.emplace(std::move(*slot));
            slot->~T();
        }
        base::engine_release(slot);
        ring_.popped();
    }

    // A slot has become free: the next parked sender's value moves in.
    void refill(wait::WakeList& woken) {
        wait::Waiter* sender = nullptr;
        while (wait::Claimed claimed = wait::claim_first(senders_, sender)) {
            base::engine_acquire(claimed.episode);
            woken.add(claimed);
            const bool given = give([&] { put_in_ring(offer_of<T>(*sender)); }, *sender);
            base::engine_release(claimed.episode);
            if (given) return;
        }
    }

    // Unbuffered: straight from a parked sender. True with the lock released and the sender woken.
    bool take_from_sender(std::optional<T>& out, Locked& lock) {
        wait::Waiter* sender = nullptr;
        while (wait::Claimed claimed = wait::claim_first(senders_, sender)) {
            base::engine_acquire(claimed.episode);
            const bool given = give([&] { emplace(out, offer_of<T>(*sender)); }, *sender);
            base::engine_release(claimed.episode);
            if (given) lock.unlock();
            claimed.wake(); // one that failed is woken under the lock: we have to go on from what we saw
            if (given) return true;
        }
        return false;
    }

    // Moves a parked sender's value by `move`. What that throws is the sender's to handle; the value stays with it.
    template <class Move>
    static bool give(Move move, wait::Waiter& sender) {
        sender.outcome = wait::Outcome::done;
        if constexpr (!throws) {
            move();
            return true;
        } else {
            try {
                move();
                return true;
            } catch (...) {
                *static_cast<std::exception_ptr*>(sender.error) = std::current_exception();
                sender.outcome = wait::Outcome::failed;
                return false;
            }
        }
    }

    std::atomic<std::size_t> size_{0};
    Ring<T> ring_;
};

} // namespace gofer::inline v1::chan

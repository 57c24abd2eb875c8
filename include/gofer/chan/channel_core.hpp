// What all handles of one channel share: a lock, a ring of values, and two lists of blocked calls.
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
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include <gofer/chan/ring.hpp>
#include <gofer/chan/transfer.hpp>
#include <gofer/error.hpp>
#include <gofer/sched/biased_lock.hpp>
#include <gofer/wait/waiter.hpp>

namespace gofer::inline v1::chan {

enum class Result : std::uint8_t { pending, done, closed, timed_out, interrupted };

template <class T>
class ChannelCore {
public:
    explicit ChannelCore(std::size_t capacity) : ring_(capacity) {}
    ChannelCore(const ChannelCore&) = delete;
    ChannelCore& operator=(const ChannelCore&) = delete;

    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_release) != 1) return;
        static_cast<void>(references_.load(std::memory_order_acquire)); // the last one only: the others learn nothing
        delete this;
    }

    std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
    std::size_t capacity() const noexcept { return ring_.capacity(); }
    bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

    /// Hints without the lock. Exact for whatever happened before the call.
    bool may_receive() const noexcept { return size() > 0 || !senders_.empty() || closed(); }
    bool may_send() const noexcept { return size() < capacity() || !receivers_.empty() || closed(); }

    Result send(Offer<T> offer, wait::Until until) {
        if (until.deadline == wait::no_wait && !may_send()) return Result::timed_out;
        base::EngineRegion engine;
        for (;;) {
            std::unique_lock<sched::BiasedLock> lock(lock_);
            if (Result r = send_now(offer, lock); r != Result::pending) return r;
            if (until.over()) return Result::timed_out;
            std::exception_ptr error;
            wait::Episode episode(until);
            wait::Waiter self(episode, offer.value);
            self.copies = offer.copies;
            self.error = &error;
            if (Result r = block(senders_, self, lock, task::WaitReason::send); r != Result::pending) return r;
            if (error) std::rethrow_exception(error);
        }
    }

    Result receive(std::optional<T>& out, wait::Until until) {
        if (until.deadline == wait::no_wait && !may_receive()) return Result::timed_out;
        base::EngineRegion engine;
        for (;;) {
            std::unique_lock<sched::BiasedLock> lock(lock_);
            if (Result r = receive_now(out, lock); r != Result::pending) return r;
            if (until.over()) return Result::timed_out;
            wait::Episode episode(until);
            wait::Waiter self(episode, &out);
            if (Result r = block(receivers_, self, lock, task::WaitReason::receive); r != Result::pending) return r;
        }
    }

    void close() {
        base::EngineRegion engine;
        base::engine_release(&closed_);
        wait::WakeList woken;
        {
            std::unique_lock<sched::BiasedLock> lock(lock_);
            if (closed()) throw ChannelClosed("gofer: close of a channel that is closed already");
            closed_.store(true, std::memory_order_release);
            woken.claim_all(receivers_, wait::Outcome::closed);
            woken.claim_all(senders_, wait::Outcome::closed);
        }
        woken.wake_all();
    }

    // For select. One case at a time, each under this channel's lock alone.
    Result try_send(Offer<T> offer) {
        base::EngineRegion engine;
        std::unique_lock<sched::BiasedLock> lock(lock_);
        return send_now(offer, lock);
    }
    Result try_receive(std::optional<T>& out) {
        base::EngineRegion engine;
        std::unique_lock<sched::BiasedLock> lock(lock_);
        return receive_now(out, lock);
    }
    void lock() noexcept { lock_.lock(); }
    void unlock() noexcept { lock_.unlock(); }
    /// Joins the list of senders, unless a send could go through at once (false).
    bool enlist_sender(wait::Waiter& w) noexcept {
        std::unique_lock<sched::BiasedLock> lock(lock_);
        if (may_send() && !only_own(receivers_, w)) return false;
        senders_.push_back(w);
        return true;
    }
    bool enlist_receiver(wait::Waiter& w) noexcept {
        std::unique_lock<sched::BiasedLock> lock(lock_);
        if (may_receive() && !only_own(senders_, w)) return false;
        receivers_.push_back(w);
        return true;
    }
    void withdraw_sender(wait::Waiter& w) noexcept {
        std::unique_lock<sched::BiasedLock> lock(lock_);
        senders_.remove_if_linked(w);
    }
    void withdraw_receiver(wait::Waiter& w) noexcept {
        std::unique_lock<sched::BiasedLock> lock(lock_);
        receivers_.remove_if_linked(w);
    }

private:
    ~ChannelCore() = default;

    static constexpr bool throws = !std::is_nothrow_move_constructible_v<T>;

    // True when the only thing that makes the other side ready is the same select itself, and it cannot talk to
    // itself.
    bool only_own(wait::WaitList& others, wait::Waiter& w) noexcept {
        if (closed() || (&others == &receivers_ ? size() < capacity() : size() > 0)) return false;
        for (wait::Waiter* o = others.front(); o; o = o->next)
            if (o->episode != w.episode) return false;
        return true;
    }

    static Offer<T> offer_of(const wait::Waiter& sender) noexcept {
        return {static_cast<T*>(sender.data), sender.copies};
    }

    void put_in_ring(Offer<T> offer) {
        T* slot = ring_.next_free();
        base::engine_acquire(slot);
        construct(slot, offer);
        base::engine_release(slot);
        ring_.pushed();
        size_.store(ring_.size(), std::memory_order_relaxed);
    }

    // Done or closed, with the lock released; pending with the lock held. What a move of the value throws is the
    // caller's: nothing has changed then.
    Result send_now(Offer<T> offer, std::unique_lock<sched::BiasedLock>& lock) {
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

    void hand_over(Offer<T> offer, wait::Claimed claimed, wait::Waiter& receiver,
                   std::unique_lock<sched::BiasedLock>& lock) {
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

    Result receive_now(std::optional<T>& out, std::unique_lock<sched::BiasedLock>& lock) {
        if (!ring_.empty()) {
            take_from_ring(out);
            wait::WakeList woken;
            refill(woken);
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
        size_.store(ring_.size(), std::memory_order_relaxed);
    }

    // A slot has become free: the next parked sender's value moves in.
    void refill(wait::WakeList& woken) {
        wait::Waiter* sender = nullptr;
        while (wait::Claimed claimed = wait::claim_first(senders_, sender)) {
            base::engine_acquire(claimed.episode);
            woken.add(claimed);
            if (give([&] { put_in_ring(offer_of(*sender)); }, *sender)) return;
        }
    }

    // Unbuffered: straight from a parked sender. True with the lock released and the sender woken.
    bool take_from_sender(std::optional<T>& out, std::unique_lock<sched::BiasedLock>& lock) {
        wait::Waiter* sender = nullptr;
        while (wait::Claimed claimed = wait::claim_first(senders_, sender)) {
            base::engine_acquire(claimed.episode);
            const bool given = give([&] { emplace(out, offer_of(*sender)); }, *sender);
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

    // Waits in the list. Pending: look again.
    Result block(wait::WaitList& list, wait::Waiter& self, std::unique_lock<sched::BiasedLock>& lock,
                 task::WaitReason reason) {
        list.push_back(self);
        lock.release();
        wait::Episode& episode = *self.episode;
        episode.park(reason, this, wait::Unlock::of(lock_));
        if (episode.ended() == wait::Ended::by_partner) {
            if (self.outcome == wait::Outcome::done) return Result::done;
            if (self.outcome == wait::Outcome::closed) return Result::closed;
            return Result::pending;
        }
        std::unique_lock<sched::BiasedLock> again(lock_);
        list.remove_if_linked(self);
        return episode.ended() == wait::Ended::by_deadline ? Result::timed_out : Result::interrupted;
    }

    sched::BiasedLock lock_;
    std::atomic<bool> closed_{false};
    std::atomic<std::uint32_t> references_{1};
    std::atomic<std::size_t> size_{0};
    wait::WaitList receivers_;
    wait::WaitList senders_;
    Ring<T> ring_;
};

} // namespace gofer::inline v1::chan

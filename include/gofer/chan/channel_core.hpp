// What all handles of one channel share, and the calls that block on it.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>

#include <gofer/chan/clockwork.hpp>
#include <gofer/chan/exchange.hpp>
#include <gofer/error.hpp>

namespace gofer::inline v1::chan {

template <class T>
class ChannelCore : public Exchange<T> {
    using Base = Exchange<T>;
    using typename Base::Locked;
    using Base::lock_, Base::closed_, Base::receivers_, Base::senders_, Base::throws;

public:
    explicit ChannelCore(std::size_t buffer) : Base(buffer) {}
    ChannelCore(const ChannelCore&) = delete;
    ChannelCore& operator=(const ChannelCore&) = delete;

    using Base::size, Base::capacity, Base::closed, Base::may_send;
    bool may_receive() const noexcept { return Base::may_receive() || clockwork_.is_due(); }

    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_release) != 1) return;
        static_cast<void>(references_.load(std::memory_order_acquire)); // the last one only: the others learn nothing
        await_unlock();
        delete this;
    }

    /// The caller's handle is the only one, and so it stays.
    bool unshared() const noexcept { return references_.load(std::memory_order_acquire) == 1; }

    Result send(Offer<T> offer, wait::Until until) {
        if (until.deadline == wait::no_wait && !may_send()) return Result::timed_out;
        base::EngineRegion engine;
        for (;;) {
            Locked lock(lock_);
            if (Result r = this->send_now(offer, lock); r != Result::pending) return r;
            if (until.over()) return Result::timed_out;
            wait::Episode episode(until);
            wait::Waiter self(episode, nullptr);
            put_offer(self, offer);
            Failure failure(self);
            if (Result r = block(senders_, self, lock, task::WaitReason::send); r != Result::pending) return r;
            failure.rethrow();
        }
    }

    Result receive(std::optional<T>& out, wait::Until until) {
        if (until.deadline == wait::no_wait && !may_receive()) return Result::timed_out;
        base::EngineRegion engine;
        if constexpr (clocked<T>)
            if (clockwork_.runs()) return clockwork_.receive(lock_, static_cast<const Outline*>(this), out, until);
        for (;;) {
            Locked lock(lock_);
            if (Result r = this->receive_now(out, lock); r != Result::pending) return r;
            if (until.over()) return Result::timed_out;
            wait::Episode episode(until);
            wait::Waiter self(episode, &out);
            if (Result r = block(receivers_, self, lock, task::WaitReason::receive); r != Result::pending) return r;
        }
    }

    void close() {
        base::EngineRegion engine;
        base::engine_release(&closed_);
        wait::ReleaseList woken;
        {
            Locked lock(lock_);
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
        Locked lock(lock_);
        return this->send_now(offer, lock);
    }
    Result try_receive(std::optional<T>& out) {
        base::EngineRegion engine;
        Locked lock(lock_);
        if constexpr (clocked<T>)
            if (clockwork_.runs()) return clockwork_.take(out) ? Result::done : Result::pending;
        return this->receive_now(out, lock);
    }
    void lock() noexcept { lock_.lock(); }
    void unlock() noexcept { lock_.unlock(); }
    /// Joins the list of senders, unless a send could go through at once (false).
    bool enlist_sender(wait::Waiter& w) noexcept {
        Locked lock(lock_);
        if (may_send() && !only_own(receivers_, w)) return false;
        senders_.push_back(w);
        return true;
    }
    bool enlist_receiver(wait::Waiter& w) noexcept {
        Locked lock(lock_);
        if constexpr (clocked<T>)
            if (clockwork_.runs()) return clockwork_.try_join(w);
        if (may_receive() && !only_own(senders_, w)) return false;
        receivers_.push_back(w);
        return true;
    }
    void withdraw_sender(wait::Waiter& w) noexcept {
        Locked lock(lock_);
        senders_.remove_if_linked(w);
    }
    void withdraw_receiver(wait::Waiter& w) noexcept {
        Locked lock(lock_);
        if constexpr (clocked<T>)
            if (clockwork_.runs()) return clockwork_.part(w);
        receivers_.remove_if_linked(w);
    }

    /// Whether somebody waits to receive. A hint.
    bool awaited() const noexcept { return !receivers_.empty(); }

    // For timers (clockwork.hpp), and for a select that waits on one.
    bool runs_by_the_clock() const noexcept { return clockwork_.runs(); }
    void start_clock(std::int64_t due, std::int64_t period) noexcept { clockwork_.start(due, period); }
    bool set_clock(std::int64_t due, std::int64_t period) noexcept { return clockwork_.set(lock_, due, period); }
    std::int64_t alarm() noexcept {
        Locked lock(lock_);
        return clockwork_.alarm();
    }
    void leave_clock() noexcept {
        Locked lock(lock_);
        static_cast<void>(clockwork_.leave(lock, Result::pending));
    }

private:
    ~ChannelCore() = default;

    // A goroutine that got here without a handle of its own, and is to be abandoned, may be parking at this moment.
    void await_unlock() noexcept {
        base::EngineRegion engine;
        lock_.lock();
        lock_.unlock();
    }

    // What moving a parked sender's value threw, on the receiver's side. Nothing for most types.
    struct CanFail {
        std::exception_ptr error;
        explicit CanFail(wait::Waiter& sender) noexcept { sender.error = &error; }
        void rethrow() const {
            if (error) std::rethrow_exception(error);
        }
    };
    struct CannotFail {
        explicit CannotFail(wait::Waiter&) noexcept {}
        void rethrow() const noexcept {}
    };
    using Failure = std::conditional_t<throws, CanFail, CannotFail>;

    // True when the only thing that makes the other side ready is the same select itself, and it cannot talk to
    // itself.
    bool only_own(wait::WaitList& others, wait::Waiter& w) noexcept {
        if (closed() || (&others == &receivers_ ? size() < capacity() : size() > 0)) return false;
        for (wait::Waiter* o = others.front(); o; o = o->next)
            if (o->episode != w.episode) return false;
        return true;
    }

    // Waits in the list. Pending: look again.
    [[gnu::always_inline]] Result block(wait::WaitList& list, wait::Waiter& self, Locked& lock,
                 task::WaitReason reason) {
        list.push_back(self);
        lock.release();
        wait::Episode& episode = *self.episode;
        episode.park(reason, static_cast<const Outline*>(this), wait::Unlock::of(lock_));
        if (episode.ended() == wait::Ended::by_partner) {
            if (self.outcome == wait::Outcome::done) return Result::done;
            if (self.outcome == wait::Outcome::closed) return Result::closed;
            return Result::pending;
        }
        return leave(list, self);
    }

    // No partner has ended the wait. Apart, so that gcc finds the rest short enough to be inlined at the caller's.
    [[gnu::noinline]] Result leave(wait::WaitList& list, wait::Waiter& self) {
        {
            Locked again(lock_);
            list.remove_if_linked(self);
        }
        const wait::Episode& episode = *self.episode;
        episode.pass_unwind();
        return episode.ended() == wait::Ended::by_deadline ? Result::timed_out : Result::interrupted;
    }

    std::atomic<std::uint32_t> references_{1};
    [[no_unique_address]] ClockworkOf<T> clockwork_;
};

} // namespace gofer::inline v1::chan

// The cases of a select: what select needs of a channel, in a few verbs, and the case types of channels that users make
// with recv() and send(). Those of other things are in other_case.hpp.
//
// A case borrows its channel, its value and its slot: it is accepted as an rvalue only, so they outlive the select.
// SelectCase (run-time lists) owns what it needs instead.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <gofer/chan/channel.hpp>

namespace gofer::inline v1::chan {

enum class CaseKind : std::uint8_t { channel, otherwise, timeout };

class CaseBase {
public:
    CaseBase() noexcept = default;
    CaseBase(CaseBase&& other) noexcept : kind(other.kind), by_clock(other.by_clock), timeout_ns(other.timeout_ns) {}
    virtual ~CaseBase() = default;

    /// A hint without a lock: could it go through now?
    virtual bool may_proceed() const noexcept { return false; }
    /// Does it, if it can be done without waiting.
    virtual bool try_now() { return false; }
    /// Joins the wait list, unless it could go through at once (false).
    virtual bool enlist(wait::Episode&, std::uint32_t) noexcept { return true; }
    /// Leaves the wait list, and waits for a partner who is handing something over at this moment.
    virtual void withdraw() noexcept {}
    /// After a partner has ended the wait: false means look again. Rethrows what moving the own value threw.
    virtual bool finish() { return true; }
    /// Runs the handler of the chosen case, with no lock held.
    virtual void handle() = 0;
    /// For a look at several channels at one moment: the channel's lock, and readiness under it.
    virtual const void* lock_address() const noexcept { return nullptr; }
    /// For reports: the event it waits for, where it waits for one and not for a channel.
    virtual const void* awaited_event() const noexcept { return nullptr; }
    virtual void lock() noexcept {}
    virtual void unlock() noexcept {}
    /// Takes over what the case borrowed, so that it can be kept. Not virtual: it may copy, and who keeps no case does not.
    void own() {}
    /// For timers' channels: when the case becomes ready by itself, and the end of a select that has waited.
    virtual std::int64_t alarm() noexcept { return base::never; }
    virtual void leave() noexcept {}

    CaseKind kind = CaseKind::channel;
    bool by_clock = false; // the channel is a timer's
    std::int64_t timeout_ns = base::never;
};

struct NoHandler {
    void operator()() const noexcept {}
};

/// Instead of a handler: the value goes to the user's slot; straight, where a move in between could throw.
template <class T>
struct StoreIn {
    std::optional<T>* slot;
};

/// recv(c), recv(c, handler), recv(c, slot)
template <class T, class H>
class RecvCase final : public CaseBase {
public:
    RecvCase(ChannelCore<T>* core, H handler) : core_(core), handler_(std::move(handler)) {
        by_clock = core && core->runs_by_the_clock();
    }
    RecvCase(RecvCase&& other) noexcept(std::is_nothrow_move_constructible_v<H>)
        : CaseBase(std::move(other)), core_(other.core_), owned_(std::move(other.owned_)),
          handler_(std::move(other.handler_)) {}

    bool may_proceed() const noexcept override { return core_ && core_->may_receive(); }
    bool try_now() override {
        if (!core_) return false;
        const Result result = core_->try_receive(out());
        if (result == Result::closed) out().reset();
        return result != Result::pending;
    }
    bool enlist(wait::Episode& episode, std::uint32_t index) noexcept override {
        if (!core_) return true;
        waiter_.emplace(episode, &out(), index);
        return core_->enlist_receiver(*waiter_);
    }
    const void* lock_address() const noexcept override { return core_; }
    void lock() noexcept override { core_->lock(); }
    void unlock() noexcept override { core_->unlock(); }
    void withdraw() noexcept override {
        if (core_) core_->withdraw_receiver(*waiter_);
    }
    bool finish() override {
        if (waiter_->outcome == wait::Outcome::closed) out().reset();
        return waiter_->outcome != wait::Outcome::retry;
    }
    void handle() override {
        if constexpr (std::is_invocable_v<H&, std::optional<T>>)
            static_cast<void>(handler_(std::exchange(value_, std::nullopt)));
        else if constexpr (!stores) {
            value_.reset(); // the case may be used again, and this must not go with the lock held then
            static_cast<void>(handler_());
        } else if constexpr (!straight) {
            handler_.slot->reset(); // with no lock held: the destructor of what lies there may use the channel
            if (value_) handler_.slot->emplace(std::move(*value_));
            value_.reset();
        }
    }
    void own() {
        if (core_) owned_ = Owner(core_);
    }
    std::int64_t alarm() noexcept override {
        if constexpr (clocked<T>)
            if (by_clock) return core_->alarm();
        return base::never;
    }
    void leave() noexcept override {
        if constexpr (clocked<T>)
            if (by_clock) core_->leave_clock();
    }

private:
    struct Owner : Handle<T> {
        Owner() noexcept = default;
        explicit Owner(ChannelCore<T>* core) noexcept : Handle<T>(share(core)) {}
    };

    static constexpr bool stores = std::is_same_v<H, StoreIn<T>>;
    static constexpr bool straight = stores && !std::is_nothrow_move_constructible_v<T>;

    std::optional<T>& out() noexcept {
        if constexpr (straight)
            return *handler_.slot;
        else
            return value_;
    }

    ChannelCore<T>* core_;
    Owner owned_;
    H handler_;
    std::optional<T> value_;
    std::optional<wait::Waiter> waiter_;
};

/// send(c, v), send(c, v, handler)
template <class T, class H>
class SendCase final : public CaseBase {
public:
    SendCase(ChannelCore<T>* core, Offer<T> offer, H handler)
        : core_(core), offer_(offer), handler_(std::move(handler)) {}
    SendCase(ChannelCore<T>* core, T&& converted, std::in_place_t, H handler)
        : core_(core), value_(std::move(converted)), handler_(std::move(handler)) {}
    SendCase(SendCase&& other) noexcept(std::is_nothrow_move_constructible_v<H>&& std::is_nothrow_move_constructible_v<T>)
        : CaseBase(std::move(other)), core_(other.core_), owned_(std::move(other.owned_)), offer_(other.offer_),
          value_(std::move(other.value_)), copy_(other.copy_), handler_(std::move(other.handler_)) {}

    bool may_proceed() const noexcept override { return core_ && core_->may_send(); }
    bool try_now() override {
        if (!core_) return false;
        const Result result = core_->try_send(offer());
        closed_ = result == Result::closed;
        return result != Result::pending;
    }
    bool enlist(wait::Episode& episode, std::uint32_t index) noexcept override {
        if (!core_) return true;
        waiter_.emplace(episode, nullptr, index);
        put_offer(*waiter_, offer());
        waiter_->error = &error_;
        return core_->enlist_sender(*waiter_);
    }
    void withdraw() noexcept override {
        if (core_) core_->withdraw_sender(*waiter_);
    }
    const void* lock_address() const noexcept override { return core_; }
    void lock() noexcept override { core_->lock(); }
    void unlock() noexcept override { core_->unlock(); }
    bool finish() override {
        if (waiter_->outcome == wait::Outcome::failed) std::rethrow_exception(std::exchange(error_, nullptr));
        closed_ = waiter_->outcome == wait::Outcome::closed;
        return true;
    }
    void handle() override {
        if (std::exchange(closed_, false)) throw ChannelClosed("gofer: send on a closed channel");
        if (owned_.core() && !copy_) core_ = nullptr; // its one value is sent
        static_cast<void>(handler_());
    }
    void own() {
        if (!value_ && offer_.value) emplace_unseen(value_, offer_);
        offer_ = {};
        if constexpr (IsCopyable<T>::value) copy_ = &copy_to<T>;
        if (core_) owned_ = Owner(core_);
    }

private:
    struct Owner : Handle<T> {
        Owner() noexcept = default;
        explicit Owner(ChannelCore<T>* core) noexcept : Handle<T>(share(core)) {}
    };

    Offer<T> offer() noexcept { return value_ ? Offer<T>{std::addressof(*value_), copy_} : offer_; }

    ChannelCore<T>* core_;
    Owner owned_;
    Offer<T> offer_{};
    std::optional<T> value_;
    typename Offer<T>::Copy copy_ = nullptr; // of the value that it owns, which is used again
    bool closed_ = false;
    H handler_;
    std::exception_ptr error_;
    std::optional<wait::Waiter> waiter_;
};

} // namespace gofer::inline v1::chan

// What the three kinds of handle have in common, and the two halves of a channel's interface: what one can do at the
// sending end and at the receiving end.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <gofer/chan/channel_core.hpp>
#include <gofer/chan/try_result.hpp>

namespace gofer::inline v1::chan {

/// Waits on a nil channel: for ever, or until the time is over.
inline void wait_on_nil(wait::Until until, task::WaitReason reason) {
    if (!until.limited()) wait::park_forever(reason);
    if (until.over()) return;
    base::EngineRegion engine;
    wait::Episode episode(until);
    episode.park(reason, nullptr, wait::Unlock::nothing());
    episode.pass_unwind();
}

// gcc 12 warns, without reason, that core_ may be uninitialized where a handle lies in a union or std::optional that
// was moved (GCC bug 80635 and its kin); the warning's place is here, wherever the handle is.
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

/// A counted reference to a channel; null is the nil channel.
template <class T>
class Handle {
    static_assert(std::is_object_v<T> && !std::is_array_v<T> && std::is_same_v<T, std::remove_cv_t<T>>,
        "a channel carries values that can be moved: Channel<gofer::Unit> for none, std::reference_wrapper for a "
        "reference, std::array for an array, T for const T");

public:
    constexpr Handle() noexcept = default;
    Handle(const Handle& other) noexcept : core_(other.core_) {
        if (core_) core_->retain();
    }
    Handle(Handle&& other) noexcept : core_(other.core_) { other.forget(); }
    Handle& operator=(Handle other) noexcept {
        std::swap(core_, other.core_);
        return *this;
    }
    ~Handle() {
        if (!core_) return;
        core_->release();
        forget();
    }

    /// Values in the buffer at the moment of the call.
    std::size_t size() const noexcept { return core_ ? core_->size() : 0; }
    std::size_t capacity() const noexcept { return core_ ? core_->capacity() : 0; }
    bool closed() const noexcept { return core_ && core_->closed(); }

    /// The engine's view, for select.
    ChannelCore<T>* core() const noexcept { return core_; }

protected:
    constexpr explicit Handle(ChannelCore<T>* core) noexcept : core_(core) {}

    bool send_offer(Offer<T> offer, wait::Until until) const {
        if (!core_) {
            wait_on_nil(until, task::WaitReason::nil_send);
            return false;
        }
        const Result result = core_->send(offer, until);
        if (result == Result::closed) throw ChannelClosed("gofer: send on a closed channel");
        return result == Result::done;
    }
    bool send_copy(const T& v, wait::Until until) const {
        return send_offer(offer_copy(v), until);
    }
    template <wait::Ending C>
    bool send_before_end(Offer<T> offer, const C& ctx) const {
        const auto until = wait::Until::end_of(ctx);
        return !until.interrupted() && send_offer(offer, until);
    }
    template <wait::Ending C>
    std::optional<T> receive_before_end(const C& ctx) const {
        const auto until = wait::Until::end_of(ctx);
        return until.interrupted() ? std::nullopt : receive_within(until);
    }
    std::optional<T> receive_within(wait::Until until) const {
        std::optional<T> value;
        receive_to(value, until);
        return value;
    }
    void receive_to(std::optional<T>& out, wait::Until until) const {
        if (core_)
            static_cast<void>(core_->receive(out, until));
        else
            wait_on_nil(until, task::WaitReason::nil_receive);
    }
    TryResult<T> receive_now() const {
        TryResult<T> result;
        if (core_) result.closed_ = core_->receive(result.value_, {wait::no_wait, nullptr}) == Result::closed;
        return result;
    }
    void close_now() const {
        if (!core_) throw ChannelClosed("gofer: close of the nil channel");
        core_->close();
    }

private:
    // The store is made, though nobody will read it: what is left in dead memory would hide a leak (debug/orphans.hpp).
    [[gnu::always_inline]] void forget() noexcept {
        core_ = nullptr;
        asm volatile("" : : "m"(core_));
    }

    ChannelCore<T>* core_ = nullptr;
};

#pragma GCC diagnostic pop

/// One more reference to a channel that somebody else's handle keeps alive for the moment.
template <class T>
ChannelCore<T>* share(ChannelCore<T>* core) noexcept {
    if (core) core->retain();
    return core;
}

/// The sending end. All members may be called from any goroutine or thread. (`Same` is T: a constraint on T itself
/// clang 14 judges as soon as a Channel<T> is named, and that may be a member of T.)
template <class T, class Base>
class Sending : public Base {
public:
    using Base::Base;

    /// Blocks until a receiver or the buffer has taken the value. Throws ChannelClosed when the channel is closed,
    /// before or while it waits. Go's c <- v.
    void send(T v) const { static_cast<void>(this->send_offer({std::addressof(v)}, wait::Until::forever())); }

    /// Does not block; false: it would have, and v is untouched. Throws ChannelClosed.
    [[nodiscard]] bool try_send(T&& v) const { return this->send_offer({std::addressof(v)}, {wait::no_wait, nullptr}); }
    template <class Same = T>
        requires std::copy_constructible<Same>
    [[nodiscard]] bool try_send(const T& v) const {
        return this->send_copy(v, {wait::no_wait, nullptr});
    }

    /// Blocks at most that long; false: not sent, and v is untouched. Throws ChannelClosed.
    template <class Rep, class Period>
    [[nodiscard]] bool send_for(T&& v, std::chrono::duration<Rep, Period> d) const {
        return this->send_offer({std::addressof(v)}, wait::Until::after(d));
    }
    template <class Rep, class Period, class Same = T>
        requires std::copy_constructible<Same>
    [[nodiscard]] bool send_for(const T& v, std::chrono::duration<Rep, Period> d) const {
        return this->send_copy(v, wait::Until::after(d));
    }
    template <class C, class D>
    [[nodiscard]] bool send_until(T&& v, std::chrono::time_point<C, D> tp) const {
        return this->send_offer({std::addressof(v)}, wait::Until::at(tp));
    }
    template <class C, class D, class Same = T>
        requires std::copy_constructible<Same>
    [[nodiscard]] bool send_until(const T& v, std::chrono::time_point<C, D> tp) const {
        return this->send_copy(v, wait::Until::at(tp));
    }

    /// Blocks until the value was taken or the context ended; false: it has ended (before the call, too), and v is
    /// untouched. Throws ChannelClosed.
    template <wait::Ending C>
    [[nodiscard]] bool send(T&& v, const C& ctx) const {
        return this->send_before_end({std::addressof(v)}, ctx);
    }
    template <wait::Ending C, class Same = T>
        requires std::copy_constructible<Same>
    [[nodiscard]] bool send(const T& v, const C& ctx) const {
        return this->send_before_end(offer_copy(v), ctx);
    }
    template <wait::Ending C, class Same = T>
        requires(!wait::Ending<Same>)
    [[nodiscard]] bool send(const C& ctx, T&& v) const {
        return this->send_before_end({std::addressof(v)}, ctx);
    }
    template <wait::Ending C, class Same = T>
        requires(!wait::Ending<Same> && std::copy_constructible<Same>)
    [[nodiscard]] bool send(const C& ctx, const T& v) const {
        return this->send_before_end(offer_copy(v), ctx);
    }

    /// No more sends: receivers drain the buffer, then get nullopt. Throws ChannelClosed when closed already or nil.
    void close() const { this->close_now(); }
};

/// Reads a channel until it is closed and drained, for range-for. Each value is moved out, so that `T v` takes those that
/// can only be moved, too; `auto&& v` changes them in place, where `auto& v` would ask for an lvalue. It has a handle of
/// its own: as in Go, a loop goes on with the channel it began with, whatever becomes of the variable.
///
/// A value is received when it is asked for, or whether there is one, and not by ++: who wants three (std::views::take,
/// std::ranges::copy_n) takes three, and does not wait for a fourth.
template <class T, class R>
class Iterator {
public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    explicit Iterator(const R& from) noexcept : from_(from) {}
    Iterator(Iterator&&) = default;
    Iterator& operator=(Iterator&&) = default;

    T&& operator*() const {
        receive();
        return std::move(*value_);
    }
    Iterator& operator++() {
        if (!value_) receive(); // one that nobody has looked at is left out
        value_.reset();         // a T need not be assignable
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) { return !it.receive(); }

private:
    bool receive() const {
        if (!value_) from_.receive_into(value_);
        return value_.has_value();
    }

    R from_;
    mutable std::optional<T> value_;
};

/// The receiving end. All members may be called from any goroutine or thread.
template <class T, class Base>
class Receiving : public Base {
public:
    using Base::Base;

    /// Blocks until there is a value; nullopt: closed and drained. Go's v, ok := <-c.
    std::optional<T> receive() const { return this->receive_within(wait::Until::forever()); }

    /// Does not block. See TryResult for why there may be no value.
    TryResult<T> try_receive() const { return this->receive_now(); }

    /// Blocks at most that long; nullopt: the time is over, or closed and drained.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<T> receive_for(std::chrono::duration<Rep, Period> d) const {
        return this->receive_within(wait::Until::after(d));
    }
    template <class C, class D>
    [[nodiscard]] std::optional<T> receive_until(std::chrono::time_point<C, D> tp) const {
        return this->receive_within(wait::Until::at(tp));
    }

    /// Blocks until there is a value or the context ends; nullopt: it has ended (before the call, too), or closed and
    /// drained.
    template <wait::Ending C>
    std::optional<T> receive(const C& ctx) const {
        return this->receive_before_end(ctx);
    }

    auto begin() const noexcept { return Iterator<T, Receiving>(*this); }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    friend Iterator<T, Receiving>;

    void receive_into(std::optional<T>& out) const { this->receive_to(out, wait::Until::forever()); }
};

} // namespace gofer::inline v1::chan

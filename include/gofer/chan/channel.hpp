// Channel<T>, Sender<T>, Receiver<T>. A handle is as cheap as a shared_ptr; copies share one channel, as in Go, so
// capture handles by value. T need only be movable; it is moved (or copied) under the channel's lock, so its move must
// neither block nor use the same channel.
#pragma once

#include <compare>
#include <concepts>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>

#include <gofer/chan/handle.hpp>

namespace gofer::inline v1 {

/// Go's struct{}: a value that says only that it has come.
struct Unit {
    friend constexpr bool operator==(Unit, Unit) noexcept = default;
};

namespace chan {

/// Some order of the channels, so that a handle may be a key in a std::map, as in one of Go's.
template <class T>
std::strong_ordering order(const Handle<T>& a, const Handle<T>& b) noexcept {
    return std::compare_three_way{}(a.core(), b.core());
}
template <class H>
struct Hash {
    std::size_t operator()(const H& handle) const noexcept { return std::hash<const void*>{}(handle.core()); }
};

} // namespace chan

/// Both ends of a channel. Go's chan T.
template <class T>
class Channel : public chan::Receiving<T, chan::Sending<T, chan::Handle<T>>> {
    using Base = chan::Receiving<T, chan::Sending<T, chan::Handle<T>>>;

public:
    using value_type = T;

    /// Unbuffered: a send completes when a receiver has taken the value. Go's make(chan T).
    Channel() : Base(new chan::ChannelCore<T>(0)) {}

    /// Buffered: sends block only while `capacity` values wait. Throws std::invalid_argument when negative,
    /// std::bad_alloc when there is no memory for the buffer, which is reserved at once. Go's make(chan T, n).
    template <class N>
        requires requires(N n) { { +n } -> std::integral; } // an enumerator is a number, too
    explicit Channel(N capacity) : Base(new chan::ChannelCore<T>(checked(+capacity))) {}

    /// The nil channel: every operation on it blocks for ever, and no select ever chooses it.
    template <std::same_as<std::nullptr_t> Nil>
    constexpr Channel(Nil) noexcept : Base(static_cast<chan::ChannelCore<T>*>(nullptr)) {}

    friend bool operator==(const Channel& a, const Channel& b) noexcept { return a.core() == b.core(); }
    friend bool operator==(const Channel& a, std::nullptr_t) noexcept { return a.core() == nullptr; }
    friend std::strong_ordering operator<=>(const Channel& a, const Channel& b) noexcept { return chan::order(a, b); }

private:
    template <class N>
    static std::size_t checked(N capacity) {
        if (std::cmp_less(capacity, 0))
            throw std::invalid_argument("gofer: a channel's capacity cannot be negative: " + std::to_string(capacity));
        if (std::cmp_greater(capacity, std::numeric_limits<std::size_t>::max() / sizeof(T)))
            throw std::invalid_argument("gofer: a channel's capacity is out of range: " + std::to_string(capacity));
        return static_cast<std::size_t>(capacity);
    }
};

/// The sending end alone. Go's chan<- T. Default-constructed it is nil.
template <class T>
class Sender : public chan::Sending<T, chan::Handle<T>> {
    using Base = chan::Sending<T, chan::Handle<T>>;

public:
    using value_type = T;
    Sender() noexcept = default;
    Sender(const Channel<T>& c) noexcept : Base(chan::share(c.core())) {}
    template <std::same_as<std::nullptr_t> Nil>
    constexpr Sender(Nil) noexcept {}

    friend bool operator==(const Sender& a, const Sender& b) noexcept { return a.core() == b.core(); }
    friend bool operator==(const Sender& a, std::nullptr_t) noexcept { return a.core() == nullptr; }
    friend std::strong_ordering operator<=>(const Sender& a, const Sender& b) noexcept { return chan::order(a, b); }
};

/// The receiving end alone. Go's <-chan T. Default-constructed it is nil.
template <class T>
class Receiver : public chan::Receiving<T, chan::Handle<T>> {
    using Base = chan::Receiving<T, chan::Handle<T>>;

public:
    using value_type = T;
    Receiver() noexcept = default;
    Receiver(const Channel<T>& c) noexcept : Base(chan::share(c.core())) {}
    template <std::same_as<std::nullptr_t> Nil>
    constexpr Receiver(Nil) noexcept {}

    friend bool operator==(const Receiver& a, const Receiver& b) noexcept { return a.core() == b.core(); }
    friend bool operator==(const Receiver& a, std::nullptr_t) noexcept { return a.core() == nullptr; }
    friend std::strong_ordering operator<=>(const Receiver& a, const Receiver& b) noexcept { return chan::order(a, b); }
};

} // namespace gofer::inline v1

template <class T>
struct std::hash<gofer::Channel<T>> : gofer::chan::Hash<gofer::Channel<T>> {};
template <class T>
struct std::hash<gofer::Sender<T>> : gofer::chan::Hash<gofer::Sender<T>> {};
template <class T>
struct std::hash<gofer::Receiver<T>> : gofer::chan::Hash<gofer::Receiver<T>> {};

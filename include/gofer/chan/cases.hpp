// How users write the cases of a select.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <gofer/chan/other_case.hpp>
#include <gofer/chan/select_case.hpp>

namespace gofer::inline v1 {
namespace chan {

template <class T, class H>
auto make_recv(ChannelCore<T>* core, H&& handler) {
    using Handler = std::decay_t<H>;
    static_assert(std::is_invocable_v<Handler&, std::optional<T>> || std::is_invocable_v<Handler&>,
                  "the handler of recv(channel, handler) takes a std::optional<T> (nullopt: closed and drained), or "
                  "nothing");
    return RecvCase<T, Handler>(core, std::forward<H>(handler));
}

template <class T, class V, class H>
SendCase<T, std::decay_t<H>> make_send(ChannelCore<T>* core, V&& v, H&& handler) {
    using Handler = std::decay_t<H>;
    static_assert(std::is_invocable_v<Handler&>, "the handler of send(channel, value, handler) takes nothing");
    if constexpr (!std::is_same_v<std::remove_cvref_t<V>, T>) {
        return {core, T(std::forward<V>(v)), std::in_place, std::forward<H>(handler)};
    } else if constexpr (std::is_lvalue_reference_v<V> || std::is_const_v<std::remove_reference_t<V>>) {
        static_assert(std::is_copy_constructible_v<T>,
                      "send(channel, lvalue) copies the value, and this type can only be moved: write std::move(value)");
        return {core, offer_copy<T>(v), std::forward<H>(handler)};
    } else {
        return {core, Offer<T>{std::addressof(v)}, std::forward<H>(handler)};
    }
}

} // namespace chan

/// A case that is ready when a receive would not block. The handler takes the std::optional<T>, or nothing.
template <class T>
[[nodiscard]] auto recv(const Channel<T>& c) {
    return chan::make_recv(c.core(), chan::NoHandler{});
}
template <class T>
[[nodiscard]] auto recv(const Receiver<T>& c) {
    return chan::make_recv(c.core(), chan::NoHandler{});
}
template <class T, class H>
    requires(!std::is_same_v<std::remove_cvref_t<H>, std::optional<T>>)
[[nodiscard]] auto recv(const Channel<T>& c, H&& handler) {
    return chan::make_recv(c.core(), std::forward<H>(handler));
}
template <class T, class H>
    requires(!std::is_same_v<std::remove_cvref_t<H>, std::optional<T>>)
[[nodiscard]] auto recv(const Receiver<T>& c, H&& handler) {
    return chan::make_recv(c.core(), std::forward<H>(handler));
}

/// The same, storing what was received. Where moving a T may throw that happens under the channel's lock, as every move
/// does, and so does the end of what lies in the slot: its destructor must not use the channel then.
template <class T>
[[nodiscard]] auto recv(const Channel<T>& c, std::optional<T>& slot) {
    return chan::RecvCase<T, chan::StoreIn<T>>(c.core(), chan::StoreIn<T>{&slot});
}
template <class T>
[[nodiscard]] auto recv(const Receiver<T>& c, std::optional<T>& slot) {
    return chan::RecvCase<T, chan::StoreIn<T>>(c.core(), chan::StoreIn<T>{&slot});
}

/// A case that is ready when the Future is. The handler takes nothing; the Future stays valid, and get() does not block
/// then. An invalid Future is never ready.
template <wait::Eventual F, class H = chan::NoHandler>
[[nodiscard]] auto recv(const F& future, H&& handler = {}) {
    using Handler = std::decay_t<H>;
    static_assert(std::is_invocable_v<Handler&>, "the handler of recv(future, handler) takes nothing");
    return chan::EventCase<Handler>(event_of(future), std::forward<H>(handler));
}

/// A case that is ready when a send would not block, or throws. An lvalue is copied, an rvalue moved, and only if this
/// case is chosen. It takes what c.send(v) takes, {...} as well.
template <class T, class V = T, class H = chan::NoHandler>
    requires std::is_convertible_v<V, T>
[[nodiscard]] auto send(const Channel<T>& c, V&& v, H&& handler = {}) {
    return chan::make_send(c.core(), std::forward<V>(v), std::forward<H>(handler));
}
template <class T, class V = T, class H = chan::NoHandler>
    requires std::is_convertible_v<V, T>
[[nodiscard]] auto send(const Sender<T>& c, V&& v, H&& handler = {}) {
    return chan::make_send(c.core(), std::forward<V>(v), std::forward<H>(handler));
}

/// Taken when nothing is ready, before any timeout. Go's default.
template <class H = chan::NoHandler>
[[nodiscard]] auto otherwise(H&& handler = {}) {
    return chan::PlainCase<std::decay_t<H>>(chan::CaseKind::otherwise, base::never, std::forward<H>(handler));
}

/// Taken when nothing has become ready for that long; zero or less: at once. The shortest of several counts.
template <class Rep, class Period, class H = chan::NoHandler>
[[nodiscard]] auto timeout(std::chrono::duration<Rep, Period> d, H&& handler = {}) {
    return chan::PlainCase<std::decay_t<H>>(chan::CaseKind::timeout, base::saturated_ns(d),
                                            std::forward<H>(handler));
}

/// A case of any kind, kept for a list made at run time. Owns its value and its handle of the channel, and may be
/// used again: a copyable value is copied at each choice, a move-only one leaves a nil case behind. One that was made of
/// nothing, or moved from, is such a nil case: it is never chosen.
class SelectCase {
public:
    SelectCase() noexcept = default;
    template <std::derived_from<chan::CaseBase> C>
    SelectCase(C&& c) { // NOLINT: meant to convert
        static_assert(!std::is_lvalue_reference_v<C>, "cases are accepted as rvalues only");
        auto kept = std::make_unique<C>(std::move(c));
        kept->own();
        case_ = std::move(kept);
    }

    /// The engine's view.
    chan::CaseBase* base() const noexcept { return case_ ? case_.get() : chan::nil_case(); }

private:
    std::unique_ptr<chan::CaseBase> case_;
};

} // namespace gofer::inline v1

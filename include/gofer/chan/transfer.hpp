// Moving one value of a channel, or copying it when the sender keeps it. The user's code, so TSan looks at it, but for
// emplace_unseen.
#pragma once

#include <memory>
#include <new>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gofer/base/sanitizer.hpp>

namespace gofer::inline v1::chan {

/// Whether a T can be copied. A container says of itself that it can, whatever its elements are, and does not compile when
/// it is copied; so they are asked, too. (A type of the user's with such a member cannot be seen through.)
template <class T>
struct IsCopyable : std::is_copy_constructible<T> {};
template <class T>
    requires requires {
        typename T::value_type;
        typename T::allocator_type;
    } && (!std::is_same_v<typename T::value_type, T>)
struct IsCopyable<T> : std::conjunction<std::is_copy_constructible<T>, IsCopyable<typename T::value_type>> {};
template <class A, class B>
struct IsCopyable<std::pair<A, B>> : std::conjunction<IsCopyable<A>, IsCopyable<B>> {};
template <class... Ts>
struct IsCopyable<std::tuple<Ts...>> : std::conjunction<IsCopyable<Ts>...> {};

/// The value of a send: moved from, or copied when the caller keeps it. Only the calls that keep it name copy_to().
template <class T>
struct Offer {
    using Copy = void (*)(const T& from, T* at, std::optional<T>* out); // to one of the two

    T* value;
    Copy copy = nullptr; // null: it is moved
};

template <class T>
void copy_to(const T& from, T* at, std::optional<T>* out) {
    if (out)
        out->emplace(from);
    else
        ::new (static_cast<void*>(at)) T(from);
}

/// Of what the caller keeps.
template <class T>
Offer<T> offer_copy(const T& v) noexcept {
    return {const_cast<T*>(std::addressof(v)), &copy_to<T>}; // an offer that copies does not write
}

template <class T>
void construct(T* at, Offer<T> offer) {
    base::UserCode user;
    if (offer.copy) return offer.copy(*offer.value, at, nullptr);
    ::new (static_cast<void*>(at)) T(std::move(*offer.value));
}

template <class T>
void emplace_unseen(std::optional<T>& out, Offer<T> offer) {
    if (offer.copy) return offer.copy(*offer.value, nullptr, &out);
    out.emplace(std::move(*offer.value));
}

template <class T>
void emplace(std::optional<T>& out, Offer<T> offer) {
    base::UserCode user;
    emplace_unseen(out, offer);
}

} // namespace gofer::inline v1::chan

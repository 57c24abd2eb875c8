// Moving one value of a channel, or copying it when the sender keeps it. The user's code, so TSan looks at it, but for
// emplace_unseen.
#pragma once

#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include <gofer/base/sanitizer.hpp>

namespace gofer::inline v1::chan {

/// The value of a send: moved from, or copied when the caller keeps it. Only the calls that keep it name copy_to(): a
/// std::vector of what can only be moved says that it is copy constructible, and does not compile when it is copied.
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

// Moving one value of a channel, or copying it when the sender keeps it. The user's code, so TSan looks at it, but for
// emplace_unseen.
#pragma once

#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include <gofer/base/sanitizer.hpp>

namespace gofer::inline v1::chan {

/// The value of a send: moved from, or copied when the caller keeps it.
template <class T>
struct Offer {
    T* value;
    bool copies = false;
};

/// Calls `make` with the offered value, as an rvalue or as a const lvalue.
template <class T, class Make>
void take(Offer<T> offer, Make make) {
    if constexpr (std::is_copy_constructible_v<T>) {
        if (offer.copies) return make(std::as_const(*offer.value));
    }
    make(std::move(*offer.value));
}

template <class T>
void construct(T* at, Offer<T> offer) {
    base::UserCode user;
    take(offer, [at](auto&& value) { ::new (static_cast<void*>(at)) T(std::forward<decltype(value)>(value)); });
}

template <class T>
void emplace_unseen(std::optional<T>& out, Offer<T> offer) {
    take(offer, [&out](auto&& value) { out.emplace(std::forward<decltype(value)>(value)); });
}

template <class T>
void emplace(std::optional<T>& out, Offer<T> offer) {
    base::UserCode user;
    emplace_unseen(out, offer);
}

} // namespace gofer::inline v1::chan

// What try_receive says: a value, or why there is none.
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace gofer::inline v1 {

namespace chan {
template <class T>
class Handle;
}

template <class T>
class [[nodiscard]] TryResult {
public:
    bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    /// Nothing was there at the moment; the channel is open (or nil).
    bool empty() const noexcept { return !has_value() && !closed_; }
    /// The channel is closed and drained.
    bool closed() const noexcept { return closed_; }

    T& operator*() & noexcept { return *value_; }
    const T& operator*() const& noexcept { return *value_; }
    T&& operator*() && noexcept { return *std::move(value_); }
    T* operator->() noexcept { return std::addressof(*value_); }
    const T* operator->() const noexcept { return std::addressof(*value_); }
    /// As that of std::optional: throws std::bad_optional_access where there is none.
    T& value() & { return value_.value(); }
    const T& value() const& { return value_.value(); }
    T&& value() && { return std::move(value_).value(); }
    template <class U>
    T value_or(U&& otherwise) const& {
        return value_.value_or(std::forward<U>(otherwise));
    }
    template <class U>
    T value_or(U&& otherwise) && {
        return std::move(value_).value_or(std::forward<U>(otherwise));
    }

private:
    friend class chan::Handle<T>;
    std::optional<T> value_;
    bool closed_ = false;
};

} // namespace gofer::inline v1

// with_cancel: a context that ends when one says so, and the two things it gives back. with_timeout and
// with_signals give the same.
#pragma once

#include <exception>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gofer/context/context.hpp>
#include <gofer/context/wave.hpp>

namespace gofer::inline v1 {

/// Ends a context and all below it. Movable; the destructor ends it, too, so that nothing is left running for want of a
/// call. Calls are const and may come from any goroutine or thread; the first counts. Linear in the contexts below.
class [[nodiscard]] CancelFunc {
public:
    CancelFunc() noexcept = default;
    CancelFunc(CancelFunc&& other) noexcept : scope_(std::exchange(other.scope_, nullptr)) {}
    CancelFunc& operator=(CancelFunc&& other) noexcept {
        CancelFunc old(std::move(*this));
        scope_ = std::exchange(other.scope_, nullptr);
        return *this;
    }
    ~CancelFunc() {
        if (!scope_) return;
        (*this)();
        context::Node::release(scope_);
    }

    /// When it returns the context and all below it have ended, unless another call is at it at this moment.
    void operator()() const noexcept { (*this)(nullptr); }
    /// The same, with what Context::cause() is from then on; null: a Cancelled.
    void operator()(std::exception_ptr cause) const noexcept {
        if (scope_ && !scope_->fired())
            context::Wave::run(*scope_, {std::errc::operation_canceled, std::move(cause)});
    }

    /// The engine's view. Takes over one reference.
    explicit CancelFunc(context::Scope* scope) noexcept : scope_(scope) {}

private:
    context::Scope* scope_ = nullptr;
};

namespace context {

/// The context in a WithCancel: one that cannot be taken out of a temporary (it is const there, a copy of it is not).
class Kept : public Context {
public:
    using Context::Context;
    Kept(const Kept&) = default;
    Kept(Kept&&) = default;
    Kept& operator=(const Kept&) = default;
    Kept& operator=(Kept&&) = default;
    Kept(const Kept&& of_a_temporary) = delete;
    ~Kept() = default;
};

} // namespace context

inline Context::Context(context::Kept&& copied) noexcept : Context(static_cast<Context&&>(copied)) {}

/// `auto [ctx, cancel] = with_cancel(parent);` Give the child a name of its own, and capture it as [ctx = ctx].
/// Movable. As long as `cancel` lives: when it is destroyed the context ends.
class [[nodiscard]] WithCancel {
public:
    WithCancel(WithCancel&& other) noexcept
        : ctx(std::as_const(other.ctx)), cancel(std::move(other.cancel)), bound_(other.bound_) {}
    WithCancel& operator=(WithCancel&& other) noexcept {
        if (this == &other) return *this;
        std::destroy_at(&ctx);
        std::construct_at(&ctx, std::as_const(other.ctx));
        bound_ = other.bound_;
        cancel = std::move(other.cancel);
        return *this;
    }
    ~WithCancel() = default;

    const context::Kept ctx;
    CancelFunc cancel;

    /// The engine's view. Takes over one reference to a scope that has joined its parent.
    explicit WithCancel(context::Scope* scope) noexcept : ctx(scope), cancel(scope), bound_(scope) {
        scope->retain(2);
    }

    /// For structured bindings: `ctx` is a plain Context there, a variable like any other.
    template <std::size_t I>
    auto& get() & noexcept {
        if constexpr (I == 0)
            return bound_;
        else
            return cancel;
    }
    template <std::size_t I>
    const auto& get() const& noexcept {
        if constexpr (I == 0)
            return bound_;
        else
            return cancel;
    }
    template <std::size_t I>
    auto&& get() && noexcept {
        return std::move(get<I>());
    }

private:
    Context bound_;
};

/// A context that ends when `cancel` is called or destroyed, or `parent` ends. Go's context.WithCancel and
/// WithCancelCause. One allocation, and one lock of the nearest context above that can end.
inline WithCancel with_cancel(const Context& parent) {
    auto* scope = new context::Scope(parent.node());
    context::Wave::join(*scope);
    return WithCancel(scope);
}

} // namespace gofer::inline v1

template <>
struct std::tuple_size<gofer::WithCancel> : std::integral_constant<std::size_t, 2> {};
template <>
struct std::tuple_element<0, gofer::WithCancel> {
    using type = gofer::Context;
};
template <>
struct std::tuple_element<1, gofer::WithCancel> {
    using type = gofer::CancelFunc;
};

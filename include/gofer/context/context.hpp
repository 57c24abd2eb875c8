// Context: tells the goroutines of one task, and what they start in turn, that it is over, and until when it may
// take; and hands values down. Go's context.Context.
//
// A handle is one counted pointer. Contexts form a tree; its end reaches all below it (wave.hpp). Every blocking
// call of the library takes one and gives up when it ends; nothing of such a wait stays behind.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <stop_token>
#include <system_error>
#include <utility>

#include <gofer/context/scope.hpp>
#include <gofer/error.hpp>

namespace gofer::inline v1 {

template <class T>
class Key;

namespace context {

class Kept;

/// The causes of those who gave none. Never destroyed: goroutines may ask while the process exits.
[[gnu::visibility("default")]] inline const std::exception_ptr& plain_cause(std::errc code) {
    static const auto& cancelled =
        *new std::exception_ptr(std::make_exception_ptr(Cancelled(std::make_error_code(std::errc::operation_canceled))));
    static const auto& timed_out =
        *new std::exception_ptr(std::make_exception_ptr(Cancelled(std::make_error_code(std::errc::timed_out))));
    return code == std::errc::timed_out ? timed_out : cancelled;
}

} // namespace context

/// A cheap handle with const operations; all may be called from any goroutine or thread, and none blocks.
class [[nodiscard]] Context {
public:
    /// Never ends and holds no values: the root of the default runtime.
    Context() noexcept = default;
    Context(const Context& other) noexcept : node_(other.node_) {
        if (node_) node_->retain();
    }
    Context(Context&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    Context& operator=(Context other) noexcept {
        std::swap(node_, other.node_);
        return *this;
    }
    ~Context() { context::Node::release(node_); }

    /// Taken out of a temporary: its CancelFunc dies with it, and this context would have ended at once. Write
    /// `auto [ctx, cancel] = with_cancel(parent);`
    Context(const context::Kept&& of_a_temporary) = delete;
    /// Of a copy of one, such as go(worker, made.ctx) hands to the worker: that holds nothing that is about to end.
    Context(context::Kept&& copied) noexcept;

    /// The context of the current runtime: it ends when the function given to `run` has returned or thrown, before the
    /// grace. On a plain thread, and in the default runtime, one that never ends.
    static Context background();

    /// A channel that is closed when the context ends; nil if it never does. Made at the first call; as long as some
    /// handle or CancelFunc of the context lives.
    Receiver<Unit> done() const { return scope() ? scope()->done() : Receiver<Unit>{}; }

    /// One load.
    [[nodiscard]] bool cancelled() const noexcept { return scope() && scope()->fired(); }

    /// When the context, or one above it, ends by itself.
    [[nodiscard]] std::optional<Clock::time_point> deadline() const noexcept {
        if (!scope() || scope()->deadline_ns == base::never) return std::nullopt;
        return Clock::time_point(Clock::duration(scope()->deadline_ns));
    }

    /// None, std::errc::operation_canceled, or std::errc::timed_out.
    [[nodiscard]] std::error_code err() const noexcept {
        return cancelled() ? std::make_error_code(scope()->reason().code) : std::error_code{};
    }

    /// Null before the end; then what was given to the CancelFunc that ended it, or one above it, else a Cancelled.
    [[nodiscard]] std::exception_ptr cause() const {
        if (!cancelled()) return nullptr;
        const context::Reason& reason = scope()->reason();
        return reason.cause ? reason.cause : context::plain_cause(reason.code);
    }

    /// Stop is requested when the context ends, by the call that ends it, or in a goroutine when a deadline does.
    /// As done(), it needs a handle that lives. Stop callbacks must not park: the standard library tells calls
    /// apart by their thread.
    [[nodiscard]] std::stop_token stop_token() const { return scope() ? scope()->stop_token() : std::stop_token{}; }

    /// Throws Cancelled, with err(), when the context has ended.
    void check() const {
        if (const std::error_code why = err()) throw Cancelled(why);
    }

    /// What with_value stored under that key, here or nearest above; null: nothing. Valid as long as this handle,
    /// or one made from it, lives. Linear in the depth of the tree. Go's ctx.Value.
    template <class T>
    [[nodiscard]] const T* value(const Key<T>& key) const noexcept;
    template <class T>
    const T* value(const Key<T>&& temporary) const = delete;

    /// Whether both are the same context.
    friend bool operator==(const Context& a, const Context& b) noexcept { return a.node_ == b.node_; }

    /// The engine's view: what ends waits.
    friend wait::Interrupt* interrupt_of(const Context& ctx) noexcept { return ctx.scope(); }

    /// The engine's view. Takes over one reference.
    explicit Context(context::Node* node) noexcept : node_(node) {}
    context::Node* node() const noexcept { return node_; }

private:
    context::Scope* scope() const noexcept { return node_ ? node_->scope : nullptr; }

    context::Node* node_ = nullptr;
};

} // namespace gofer::inline v1

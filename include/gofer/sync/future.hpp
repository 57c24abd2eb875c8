// Future, Promise and async: one value (or exception) that arrives once. As std::future, but waiting parks.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <gofer/wait/event.hpp>
#include <gofer/wait/spawn.hpp>

namespace gofer::inline v1 {

template <class R>
class Promise;

namespace sync {

template <class Body, class R>
class AsyncBody;

/// void and references as something a variant can hold.
template <class R>
using Stored = std::conditional_t<std::is_void_v<R>, std::monostate,
                                  std::conditional_t<std::is_reference_v<R>, std::remove_reference_t<R>*, R>>;

/// What a Promise and its Future share. The event happens once; the result does not change afterwards.
template <class R>
class FutureState : public wait::Event {
public:
    template <class V>
    void set_value(V&& value) {
        claim();
        try {
            value_.emplace(std::forward<V>(value));
        } catch (...) {
            taken_.store(false, std::memory_order_relaxed);
            throw;
        }
        happen();
    }
    void set_exception(std::exception_ptr e) {
        claim();
        error_ = std::move(e);
        happen();
    }
    /// For who was to set it and does not get there any more, perhaps in the midst of it.
    void break_off() {
        if (happened()) return;
        taken_.store(true, std::memory_order_relaxed);
        error_ = std::make_exception_ptr(std::future_error(std::future_errc::broken_promise));
        happen();
    }
    bool satisfied() const noexcept { return taken_.load(std::memory_order_relaxed); }

    R get() {
        if (error_) std::rethrow_exception(std::move(error_));
        if constexpr (std::is_reference_v<R>)
            return static_cast<R>(**value_);
        else if constexpr (!std::is_void_v<R>)
            return std::move(*value_);
    }

private:
    void claim() {
        if (taken_.exchange(true, std::memory_order_relaxed))
            throw std::future_error(std::future_errc::promise_already_satisfied);
    }

    std::atomic<bool> taken_{false};
    std::optional<Stored<R>> value_;
    std::exception_ptr error_;
};

} // namespace sync

/// The receiving end of a value that arrives once. Movable; one thread or goroutine at a time.
template <class R>
class Future {
public:
    Future() noexcept = default;
    Future(Future&&) noexcept = default;
    Future& operator=(Future&&) noexcept = default;

    /// Blocks until the result is there, then returns or rethrows it. Once: afterwards valid() is false.
    /// Throws std::future_error(no_state) on an invalid Future, (broken_promise) when nobody will set it any more.
    R get() {
        wait();
        const std::shared_ptr<sync::FutureState<R>> state = std::move(state_);
        return state->get();
    }
    void wait() const { static_cast<void>(wait_within(wait::Until::forever())); }
    template <class Rep, class Period>
    [[nodiscard]] bool wait_for(std::chrono::duration<Rep, Period> d) const {
        return wait_within(wait::Until::after(d));
    }
    template <class C, class D>
    [[nodiscard]] bool wait_until(std::chrono::time_point<C, D> tp) const {
        return wait_within(wait::Until::at(tp));
    }
    /// Waits until the result is there (true) or the context has ended (false).
    template <wait::Ending C>
    [[nodiscard]] bool wait(const C& ctx) const {
        const wait::Until until = wait::Until::end_of(ctx);
        return !until.interrupted() && wait_within(until);
    }
    [[nodiscard]] bool ready() const noexcept { return state_ && state_->happened(); }
    [[nodiscard]] bool valid() const noexcept { return state_ != nullptr; }

    /// The engine's view, for select.
    friend std::shared_ptr<wait::Event> event_of(const Future& future) noexcept { return future.state_; }

private:
    friend class Promise<R>;
    explicit Future(std::shared_ptr<sync::FutureState<R>> state) noexcept : state_(std::move(state)) {}

    bool wait_within(wait::Until until) const {
        if (!state_) throw std::future_error(std::future_errc::no_state);
        return state_->wait(until, task::WaitReason::future);
    }

    std::shared_ptr<sync::FutureState<R>> state_;
};

/// The sending end. Dropped without a result, the Future throws std::future_error(broken_promise).
template <class R>
class Promise {
public:
    Promise() : state_(std::make_shared<sync::FutureState<R>>()) {}
    Promise(Promise&& other) noexcept = default;
    Promise& operator=(Promise&& other) noexcept {
        Promise old(std::move(*this));
        state_ = std::move(other.state_);
        retrieved_ = other.retrieved_;
        return *this;
    }
    ~Promise() {
        if (state_ && !state_->satisfied()) state_->break_off();
    }

    /// Once; a second call throws std::future_error(future_already_retrieved).
    [[nodiscard]] Future<R> future() {
        if (std::exchange(retrieved_, true)) throw std::future_error(std::future_errc::future_already_retrieved);
        return Future<R>(state());
    }

    void set_value()
        requires std::is_void_v<R>
    {
        state()->set_value(std::monostate{});
    }
    template <class V = sync::Stored<R>>
        requires(!std::is_void_v<R> && !std::is_reference_v<R> && std::is_constructible_v<R, V>)
    void set_value(V&& value) {
        state()->set_value(std::forward<V>(value));
    }
    /// Of a reference, which must be of R's kind: what is bound to it is not kept.
    template <class V>
        requires(std::is_reference_v<R> && std::is_convertible_v<V &&, R> &&
                 std::is_lvalue_reference_v<V> == std::is_lvalue_reference_v<R>)
    void set_value(V&& value) {
        state()->set_value(std::addressof(value));
    }
    void set_exception(std::exception_ptr e) { state()->set_exception(std::move(e)); }

private:
    template <class Body, class Result>
    friend class sync::AsyncBody;

    /// The goroutine that was to keep it has been abandoned. It is kept with all it owns, a value half moved among them.
    void break_off() {
        if (state_) state()->break_off();
    }

    // A share of its own: whoever waits may destroy Promise and Future before set_value has returned.
    std::shared_ptr<sync::FutureState<R>> state() const {
        if (!state_) throw std::future_error(std::future_errc::no_state);
        return state_;
    }

    std::shared_ptr<sync::FutureState<R>> state_;
    bool retrieved_ = false;
};

} // namespace gofer::inline v1

// Future, Promise and async: one value (or exception) that arrives once. As std::future, but waiting parks.
#pragma once

#include <atomic>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <gofer/wait/spawn.hpp>
#include <gofer/wait/waiter.hpp>

namespace gofer::inline v1 {

template <class R>
class Promise;

namespace sync {

/// What a Promise and its Future share. `ready` is set once, under the lock; the result does not change afterwards.
class FutureCore {
public:
    bool ready() const noexcept { return ready_.load(std::memory_order_acquire); }

    bool wait(wait::Until until) {
        if (ready()) return true;
        base::EngineRegion engine;
        lock_.lock();
        if (ready()) {
            lock_.unlock();
            base::engine_acquire(&ready_);
            return true;
        }
        if (until.over()) {
            lock_.unlock();
            return false;
        }
        wait::Episode episode(until);
        wait::Waiter self(episode, nullptr);
        waiters_.push_back(self);
        episode.park(task::WaitReason::future, this, wait::Unlock::of(lock_));
        if (episode.ended() == wait::Ended::by_partner) return true;
        withdraw(self);
        return false;
    }

    /// For select: puts a waiter in the list unless the result is there already.
    bool enlist(wait::Waiter& waiter) noexcept {
        lock_.lock();
        const bool pending = !ready();
        if (pending) waiters_.push_back(waiter);
        lock_.unlock();
        return pending;
    }
    void withdraw(wait::Waiter& waiter) noexcept {
        lock_.lock();
        waiters_.remove_if_linked(waiter);
        lock_.unlock();
    }

protected:
    void become_ready() noexcept {
        base::tsan_release(&ready_);
        base::EngineRegion engine;
        wait::WakeList woken;
        lock_.lock();
        ready_.store(true, std::memory_order_release);
        woken.claim_all(waiters_, wait::Outcome::done);
        lock_.unlock();
        woken.wake_all();
    }

private:
    base::SpinLock lock_;
    std::atomic<bool> ready_{false};
    wait::WaitList waiters_;
};

/// void and references as something a variant can hold.
template <class R>
using Stored = std::conditional_t<std::is_void_v<R>, std::monostate,
                                  std::conditional_t<std::is_reference_v<R>, std::remove_reference_t<R>*, R>>;

template <class R>
class FutureState : public FutureCore {
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
        become_ready();
    }
    void set_exception(std::exception_ptr e) {
        claim();
        error_ = std::move(e);
        become_ready();
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
    void wait() const { static_cast<void>(state().wait(wait::Until::forever())); }
    template <class Rep, class Period>
    [[nodiscard]] bool wait_for(std::chrono::duration<Rep, Period> d) const {
        return state().wait(wait::Until::after(d));
    }
    template <class C, class D>
    [[nodiscard]] bool wait_until(std::chrono::time_point<C, D> tp) const {
        return state().wait(wait::Until::at(tp));
    }
    /// Waits until the result is there (true) or the context has ended (false).
    template <wait::Ending C>
    [[nodiscard]] bool wait(const C& ctx) const {
        const wait::Until until = wait::Until::end_of(ctx);
        sync::FutureState<R>& awaited = state();
        return !until.interrupted() && awaited.wait(until);
    }
    [[nodiscard]] bool ready() const noexcept { return state_ && state_->ready(); }
    [[nodiscard]] bool valid() const noexcept { return state_ != nullptr; }

    /// The engine's view, for select.
    const std::shared_ptr<sync::FutureState<R>>& core() const noexcept { return state_; }

private:
    friend class Promise<R>;
    explicit Future(std::shared_ptr<sync::FutureState<R>> state) noexcept : state_(std::move(state)) {}

    sync::FutureState<R>& state() const {
        if (!state_) throw std::future_error(std::future_errc::no_state);
        return *state_;
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
        if (state_ && !state_->satisfied())
            state_->set_exception(std::make_exception_ptr(std::future_error(std::future_errc::broken_promise)));
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
    template <class V>
        requires(std::is_reference_v<R> && std::is_convertible_v<V&, R>)
    void set_value(V& value) {
        state()->set_value(&value);
    }
    void set_exception(std::exception_ptr e) { state()->set_exception(std::move(e)); }

private:
    // A share of its own: whoever waits may destroy Promise and Future before set_value has returned.
    std::shared_ptr<sync::FutureState<R>> state() const {
        if (!state_) throw std::future_error(std::future_errc::no_state);
        return state_;
    }

    std::shared_ptr<sync::FutureState<R>> state_;
    bool retrieved_ = false;
};

} // namespace gofer::inline v1

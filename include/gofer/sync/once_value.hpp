// once_value: a function that computes its value at the first call and has it ready at all others. Go's sync.OnceValue.
#pragma once

#include <cxxabi.h>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <gofer/sync/future.hpp>
#include <gofer/sync/once.hpp>

namespace gofer::inline v1 {
namespace sync {

/// What the copies of one callable share. The function goes, with all it holds, as soon as it has run.
template <class F>
class OnceState {
public:
    using R = std::invoke_result_t<F&>;

    explicit OnceState(F f) : f_(std::move(f)) {}

    Stored<R>& get() {
        once_.call([this] { compute(); });
        if (error_) std::rethrow_exception(error_);
        return *value_;
    }

private:
    void compute() {
        try {
            store();
        } catch (const Unwind&) {
            throw;
        } catch (const abi::__forced_unwind&) { // the end of a plain thread
            throw;
        } catch (...) {
            error_ = std::current_exception();
        }
        f_.reset();
    }
    void store() {
        if constexpr (std::is_void_v<R>) {
            (*f_)();
            value_.emplace();
        } else if constexpr (std::is_reference_v<R>) {
            R result = (*f_)();
            value_.emplace(std::addressof(result));
        } else {
            value_.emplace((*f_)());
        }
    }

    Once once_;
    std::optional<F> f_;
    std::optional<Stored<R>> value_;
    std::exception_ptr error_;
};

/// The callable that once_value returns.
template <class F>
class OnceValue {
    using R = typename OnceState<F>::R;
    using Result = std::conditional_t<std::is_void_v<R> || std::is_reference_v<R>, R,
                                     std::add_lvalue_reference_t<const R>>;

public:
    explicit OnceValue(F f) : state_(std::make_shared<OnceState<F>>(std::move(f))) {}

    Result operator()() const {
        if constexpr (std::is_void_v<R>)
            state_->get();
        else if constexpr (std::is_reference_v<R>)
            return static_cast<R>(*state_->get());
        else
            return state_->get();
    }

private:
    std::shared_ptr<OnceState<F>> state_;
};

} // namespace sync

/// A copyable callable that calls f() at its first call, or the first call of a copy, and returns a reference to that
/// one value at every call; the value lives as long as any copy. Calls from any goroutine or thread; those that come
/// while f runs wait for it. What f throws is thrown again at every call, and f is not called a second time, as in Go.
template <class F>
[[nodiscard]] auto once_value(F&& f) {
    static_assert(!std::is_rvalue_reference_v<std::invoke_result_t<std::decay_t<F>&>>,
                  "gofer::once_value gives one value to every call, and the first could move it away if the function "
                  "returned an rvalue reference; have it return the value itself, or an lvalue reference");
    return sync::OnceValue<std::decay_t<F>>(std::forward<F>(f));
}

} // namespace gofer::inline v1

// ErrGroup: goroutines that work on one task; the first error cancels the rest, and wait() gives it back. Go's
// golang.org/x/sync/errgroup, with a context always and exceptions as errors.
//
// A slot is held while a goroutine of the group exists; with a limit, go() waits for one, first come, first served.
// What a goroutine does last: its closure is destroyed, its slot freed, the WaitGroup counted down. After that the
// group may be gone. The error is written once, by whoever wins `failed_`, before it counts down, and read when all
// have.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <type_traits>
#include <utility>

#include <gofer/context/background.hpp>
#include <gofer/context/cancel.hpp>
#include <gofer/group/slots.hpp>
#include <gofer/sync/wait_group.hpp>

namespace gofer::inline v1 {

/// All members may be called from any goroutine or thread; destroy it when no one is in a call of it.
class ErrGroup {
public:
    ErrGroup() : ErrGroup(Context::background()) {}
    /// The group's context ends with `parent`, too.
    explicit ErrGroup(const Context& parent) : scope_(with_cancel(parent)) {}
    ErrGroup(const ErrGroup&) = delete;
    ErrGroup& operator=(const ErrGroup&) = delete;

    /// Without wait(): cancels, waits, and drops the error.
    ~ErrGroup() {
        scope_.cancel();
        const wait::HoldUnwind hold; // those it waits for use the group
        running_.wait();
    }

    /// Ends at the first error, which is its cause, and when wait() returns.
    Context context() const { return scope_.ctx; }

    /// At most so many goroutines at a time; 0: none may start, negative: no limit. Before the first go: throws
    /// std::logic_error when some are running.
    void set_limit(std::ptrdiff_t n) {
        if (!slots_.set_limit(n))
            throw std::logic_error("gofer: ErrGroup::set_limit() while goroutines of the group are running; call it first");
    }

    /// Starts f in a goroutine; waits until the limit allows it (for ever if it is 0). f takes nothing or a
    /// Context, and returns void or a std::error_code; what it throws, and a code that is not zero, is an error.
    template <class F>
    void go(F&& f, Place place = Place::here()) {
        slots_.acquire();
        start(nullptr, place, std::forward<F>(f));
    }
    template <class F>
    void go(GoOptions options, F&& f, Place place = Place::here()) {
        slots_.acquire();
        start(&options, place, std::forward<F>(f));
    }

    /// The same if the limit allows it now; false: it does not, and f is untouched.
    template <class F>
    [[nodiscard]] bool try_go(F&& f, Place place = Place::here()) {
        if (!slots_.try_acquire()) return false;
        start(nullptr, place, std::forward<F>(f));
        return true;
    }
    template <class F>
    [[nodiscard]] bool try_go(GoOptions options, F&& f, Place place = Place::here()) {
        if (!slots_.try_acquire()) return false;
        start(&options, place, std::forward<F>(f));
        return true;
    }

    /// Blocks until all goroutines have ended and their functions are destroyed, cancels the context, and throws
    /// the first error: the exception, or a std::system_error with the code. Again: the same.
    void wait() {
        running_.wait();
        scope_.cancel();
        if (failed_.load(std::memory_order_relaxed)) std::rethrow_exception(error_);
    }

private:
    struct Body {
        ErrGroup* group;

        template <class F>
        void operator()(F&& f) const {
            try {
                judge([&]() -> decltype(auto) {
                    if constexpr (std::is_invocable_v<F>)
                        return std::forward<F>(f)();
                    else
                        return std::forward<F>(f)(group->context());
                });
            } catch (const Unwind&) {
                throw;
            } catch (...) {
                group->fail(std::current_exception());
            }
        }
        template <class Call>
        void judge(Call call) const {
            using Result = decltype(call());
            static_assert(std::is_void_v<Result> || std::is_convertible_v<Result, std::error_code>,
                          "a function given to ErrGroup::go returns void or a std::error_code, or throws");
            if constexpr (std::is_void_v<Result>)
                call();
            else if (const std::error_code code = call())
                group->fail(std::make_exception_ptr(std::system_error(code)));
        }
    };
    struct Ended {
        ErrGroup* group;
        void operator()() const {
            group->slots_.release();
            group->running_.done();
        }
    };

    // With a slot taken.
    template <class F>
    void start(const GoOptions* options, Place place, F&& f) {
        using Function = std::decay_t<F>;
        static_assert(std::is_invocable_v<Function> || std::is_invocable_v<Function, Context>,
                      "a function given to ErrGroup::go takes nothing or a Context");
        running_.add();
        spawn::go_then(options, place, Ended{this}, Body{this}, std::forward<F>(f));
    }

    void fail(std::exception_ptr error) noexcept {
        if (failed_.exchange(true, std::memory_order_relaxed)) return;
        error_ = std::move(error);
        scope_.cancel(error_);
    }

    std::atomic<bool> failed_{false};
    std::exception_ptr error_;
    group::Slots slots_;
    WaitGroup running_;
    WithCancel scope_;
};

} // namespace gofer::inline v1

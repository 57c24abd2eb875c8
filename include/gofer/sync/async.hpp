// async: a goroutine whose result, or exception, is fetched later.
#pragma once

#include <gofer/sync/future.hpp>

namespace gofer::inline v1 {
namespace sync {

/// Runs the body, destroys it with its arguments, and only then makes the Future ready. When its goroutine is
/// abandoned at the end of a runtime, the promise is broken instead.
template <class Body, class R>
class AsyncBody : task::AbandonHook {
public:
    AsyncBody(Body body, Promise<R> promise) : body_(std::move(body)), promise_(std::move(promise)) {}

    void operator()() && {
        task::AbandonHook::abandon = [](task::AbandonHook& hook) { static_cast<AsyncBody&>(hook).abandon(); };
        task::Goroutine* self = sched::this_goroutine_record();
        self->when_abandoned(this);
        std::exception_ptr error; // set outside of the handler: whoever gets it is the last to hold it
        try {
            deliver();
        } catch (const Unwind&) {
            dispose();
            abandon();
            self->when_abandoned(nullptr);
            throw;
        } catch (...) {
            error = std::current_exception();
        }
        if (error) fail(std::move(error));
        self->when_abandoned(nullptr);
    }
    void abandon() { promise_.break_off(); }
    void drop() {
        body_.dispose();
        abandon();
    }

private:
    // All that the goroutine owned, before anybody may see that it has ended.
    void dispose() noexcept {
        body_.dispose();
        sched::end_locals();
    }
    void fail(std::exception_ptr error) {
        dispose();
        promise_.set_exception(std::move(error));
    }
    void deliver() {
        if constexpr (std::is_void_v<R>) {
            std::move(body_)();
            dispose();
            promise_.set_value();
        } else if constexpr (std::is_reference_v<R>) {
            R result = std::move(body_)();
            dispose();
            promise_.set_value(static_cast<R>(result));
        } else {
            R result = std::move(body_)();
            dispose();
            promise_.set_value(std::move(result));
        }
    }

    task::Disposable<Body> body_;
    Promise<R> promise_;
};

template <class F, class... Args>
auto async_at(const GoOptions* options, Place place, F&& f, Args&&... args) {
    auto body = task::bind(std::forward<F>(f), std::forward<Args>(args)...);
    using R = decltype(std::move(body)());
    Promise<R> promise;
    Future<R> future = promise.future();
    spawn::start(sched::scheduler_here(sched::this_worker()), options, place,
                 AsyncBody<decltype(body), R>(std::move(body), std::move(promise)));
    return future;
}

} // namespace sync

/// Starts f(args...) as a goroutine and returns a Future of its result. Dropped unread, the goroutine goes on and an
/// exception in it is ignored.
template <class F>
    requires(!std::is_same_v<std::decay_t<F>, GoOptions>)
[[nodiscard]] auto async(F&& f, Place place = Place::here()) {
    return sync::async_at(nullptr, place, std::forward<F>(f));
}
template <class F, class Arg, class... Args>
    requires(!std::is_same_v<std::decay_t<F>, GoOptions> && !std::is_same_v<std::decay_t<Arg>, Place>)
[[nodiscard, gnu::always_inline]] inline auto async(F&& f, Arg&& arg, Args&&... args) {
    return sync::async_at(nullptr, Place::of_this_call(), std::forward<F>(f),
                          std::forward<Arg>(arg), std::forward<Args>(args)...);
}
template <class F, class... Args>
[[nodiscard, gnu::always_inline]] inline auto async(GoOptions options, F&& f, Args&&... args) {
    return sync::async_at(&options, Place::of_this_call(), std::forward<F>(f),
                          std::forward<Args>(args)...);
}

} // namespace gofer::inline v1

// What a goroutine runs: a function with its arguments, decay-copied as std::thread does, and optionally something
// to do when it has ended and all of that is destroyed.
#pragma once

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace gofer::inline v1::task {

template <class F, class... Args>
class Bound {
public:
    template <class G, class... As>
    explicit Bound(G&& f, As&&... args) : f_(std::forward<G>(f)), args_(std::forward<As>(args)...) {}

    decltype(auto) operator()() && {
        return std::apply(
            [this](auto&&... args) -> decltype(auto) {
                return std::invoke(std::move(f_), std::forward<decltype(args)>(args)...);
            },
            std::move(args_));
    }

private:
    [[no_unique_address]] F f_;
    [[no_unique_address]] std::tuple<Args...> args_;
};

template <class... Ts>
inline constexpr bool copies_all = (std::is_constructible_v<std::decay_t<Ts>, Ts> && ...);

/// Decay-copies f and args into one callable. Compile errors say what to do instead.
template <class F, class... Args>
auto bind(F&& f, Args&&... args) {
    static_assert(copies_all<F, Args...>,
                  "gofer copies (or moves) the function and its arguments into the goroutine, as std::thread does, and "
                  "one of them can be neither copied nor moved. Pass std::ref(x) to share x with the goroutine, and see "
                  "to it that x lives until the goroutine has ended.");
    if constexpr (copies_all<F, Args...>) {
        static_assert(std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>,
                      "gofer cannot call this function with copies of these arguments. A parameter that is a non-const "
                      "reference needs std::ref(x).");
        return Bound<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(f), std::forward<Args>(args)...);
    }
}

/// A callable that can be destroyed before the object it is part of. (Not std::optional: gcc cannot see that it is
/// engaged whenever it is moved or called, and warns in the user's build.)
template <class F>
class Disposable {
public:
    template <class G>
        requires(!std::is_same_v<std::decay_t<G>, Disposable>)
    explicit Disposable(G&& f) : f_(std::forward<G>(f)) {
        is_initialized();
    }
    Disposable(Disposable&& other) noexcept(std::is_nothrow_move_constructible_v<F>) : f_(std::move(other.f_)) {
        is_initialized();
    }
    ~Disposable() { dispose(); }

    decltype(auto) operator()() && { return std::move(f_)(); }
    void dispose() noexcept {
        if (std::exchange(alive_, false)) f_.~F();
    }

private:
    // gcc loses sight of that between a union's constructor and its use, and would warn in the user's destructors.
    void is_initialized() noexcept { asm("" : "+m"(reinterpret_cast<char(&)[sizeof(F)]>(f_))); }

    union {
        F f_;
    };
    bool alive_ = true;
};

/// For a closure that will not be run, and is to be destroyed: tells those who wait for it, if there is a way to.
template <class F>
void drop(F& closure) {
    if constexpr (requires { closure.drop(); }) closure.drop();
}

/// Runs `f`, destroys it, then runs `then`: what waits for the goroutine must not see its closure alive. Also when an
/// exception leaves `f`: that ends the process before any destructor runs, or else the goroutine is being unwound.
template <class F, class Then>
class Sequence {
public:
    template <class G>
    Sequence(G&& f, Then then) : f_(std::forward<G>(f)), then_(std::move(then)) {}

    void operator()() && {
        struct Rest {
            Sequence* self;
            ~Rest() {
                if (self) self->finish();
            }
        } unwound{this};
        std::move(f_)();
        unwound.self = nullptr;
        finish();
    }
    void drop() {
        f_.dispose();
        then_.drop();
    }

private:
    void finish() {
        f_.dispose();
        then_();
    }

    Disposable<F> f_;
    Then then_;
};

/// Whether such a closure moves without any code of the user's, which might park.
template <class F>
inline constexpr bool moves_alone = std::is_trivially_move_constructible_v<F>;
template <class F, class Then>
inline constexpr bool moves_alone<Sequence<F, Then>> = std::is_trivially_move_constructible_v<F>; // `Then` is ours

} // namespace gofer::inline v1::task

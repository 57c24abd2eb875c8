// go, yield, this_goroutine, Defer: starting goroutines and what one can ask of the one that runs.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <gofer/wait/spawn.hpp>

namespace gofer::inline v1 {

/// Starts f(args...) as a goroutine, beside the caller in its runtime; on a plain thread in the default runtime, which
/// starts at first use. Function and arguments are decay-copied (or moved), as std::thread does. Does not block.
/// Throws what copying throws, and std::logic_error in a runtime that was shut down. Go's go statement.
template <class F>
    requires(!std::is_same_v<std::decay_t<F>, GoOptions>)
void go(F&& f, Place place = Place::here()) {
    spawn::go(sched::scheduler_here(sched::this_worker()), nullptr, place, std::forward<F>(f));
}
template <class F, class Arg, class... Args>
    requires(!std::is_same_v<std::decay_t<F>, GoOptions> && !std::is_same_v<std::decay_t<Arg>, Place>)
[[gnu::always_inline]] inline void go(F&& f, Arg&& arg, Args&&... args) {
    spawn::go(sched::scheduler_here(sched::this_worker()), nullptr, Place::of_this_call(),
              std::forward<F>(f), std::forward<Arg>(arg), std::forward<Args>(args)...);
}

/// The same with a name or a stack size: go({.name = "reader", .stack_size = 1 << 20}, f).
template <class F>
void go(GoOptions options, F&& f, Place place = Place::here()) {
    spawn::go(sched::scheduler_here(sched::this_worker()), &options, place, std::forward<F>(f));
}
template <class F, class Arg, class... Args>
    requires(!std::is_same_v<std::decay_t<Arg>, Place>)
[[gnu::always_inline]] inline void go(GoOptions options, F&& f, Arg&& arg, Args&&... args) {
    spawn::go(sched::scheduler_here(sched::this_worker()), &options, Place::of_this_call(),
              std::forward<F>(f), std::forward<Arg>(arg), std::forward<Args>(args)...);
}

/// Lets other goroutines run; on a plain thread, other threads. Go's runtime.Gosched.
inline void yield() {
    if (!sched::yield()) wait::unwind();
}

namespace this_goroutine {

/// True in a goroutine, also in its blocking code; false on a plain thread.
[[nodiscard]] inline bool inside() noexcept {
    return sched::this_identity() != nullptr;
}
/// A number that no other goroutine of the process has; 0 outside of goroutines.
[[nodiscard]] inline std::uint64_t id() noexcept {
    const task::Goroutine* g = sched::this_identity();
    return g ? g->id : 0;
}
/// The name given by GoOptions or set_name; empty if there is none.
[[nodiscard]] inline std::string name() {
    const task::Goroutine* g = sched::this_identity();
    const task::Extras* own = g ? g->own_extras() : nullptr;
    return own ? own->name : std::string{};
}
/// Names the running goroutine for reports. Nothing happens outside of goroutines.
inline void set_name(std::string name) {
    if (task::Goroutine* g = sched::this_identity()) g->set_name(std::move(name));
}

/// While it lives the goroutine stays on its thread, for libraries that ask which thread calls them (OpenGL,
/// handles that are bound to a thread). Nests. If another goroutine computes on that thread, it waits for it. On a
/// plain thread, and in blocking code, nothing. Go's runtime.LockOSThread, but others may run on the thread while
/// this one waits.
class [[nodiscard]] Pin {
public:
    Pin() noexcept : goroutine_(sched::this_goroutine_record()) {
        base::EngineRegion engine;
        if (goroutine_ && goroutine_->pins++ == 0) count(goroutine_->pinned_to = goroutine_->worker, 1);
    }
    ~Pin() {
        base::EngineRegion engine;
        if (goroutine_ && --goroutine_->pins == 0) count(std::exchange(goroutine_->pinned_to, nullptr), -1);
    }
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

private:
    static void count(void* worker, int change) noexcept {
        auto& pins = static_cast<sched::Worker*>(worker)->pin_count; // written on its thread only
        pins.store(pins.load(std::memory_order_relaxed) + static_cast<unsigned>(change), std::memory_order_relaxed);
    }

    task::Goroutine* goroutine_;
};

} // namespace this_goroutine

/// Runs f at the end of the scope, also when an exception ends it. Go's defer, but for a scope and not a function.
/// f must not throw.
template <class F>
class [[nodiscard]] Defer {
public:
    explicit Defer(F f) : f_(std::move(f)) {}
    ~Defer() { f_(); }
    Defer(const Defer&) = delete;
    Defer& operator=(const Defer&) = delete;

private:
    F f_;
};

} // namespace gofer::inline v1

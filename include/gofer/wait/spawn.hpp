// Starting a goroutine: the options it may be given, and the way from a function and its arguments to a queued task.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

#include <gofer/sched/default_scheduler.hpp>
#include <gofer/task/closure.hpp>
#include <gofer/wait/waiter.hpp>

namespace gofer::inline v1 {

/// Options of one goroutine. Designators in this order.
struct GoOptions {
    /// Shown in reports and by this_goroutine::name().
    std::string name{};
    /// Bytes of stack to reserve; 0: as the runtime's options say. A size of its own means a stack from the start. Over
    /// 2 TB: std::invalid_argument.
    std::size_t stack_size{0};
};

namespace spawn {

/// For a runtime that has stopped. False: the caller is being unwound, or the process exits, and nothing is started any
/// more. One whose runtime is over parks for ever, when it has called `before_parking`.
template <class BeforeParking>
[[gnu::cold, gnu::noinline]] bool may_start(sched::Scheduler* home, sched::Worker* w, BeforeParking before_parking) {
    sched::must_not_be_forked("a goroutine is started");
    if (w && w->unwinds && w->scheduler == home) return false;
    if (sched::this_scheduler(w) == home) {
        before_parking();
        wait::park_forever(task::WaitReason::shut_down);
    }
    if (home->frozen.load(std::memory_order_relaxed)) return false; // the process exits
    throw std::logic_error("gofer: go() on a Runtime that was shut down; start goroutines before shutdown()");
}

/// Null: none that differ from the defaults.
inline std::unique_ptr<task::TaskOptions> checked(const GoOptions& options) {
    if (options.stack_size > task::StackPools::largest) [[unlikely]]
        throw std::invalid_argument("gofer: GoOptions::stack_size is over 2 TB: " + std::to_string(options.stack_size));
    if (!options.stack_size && options.name.empty()) return nullptr;
    return std::unique_ptr<task::TaskOptions>(new task::TaskOptions{options.name, options.stack_size, {}});
}

/// Nobody else waits for what the caller starts.
struct Nothing {
    void operator()() const noexcept {}
};

/// Queues `closure` as a goroutine of `home`. `before_parking`: as above.
template <class Closure, class BeforeParking = Nothing>
void start(sched::Scheduler* home, const GoOptions* options, Place place, Closure&& closure,
           BeforeParking before_parking = {}) {
    sched::Worker* w = sched::this_worker();
    if (home->stopped.load(std::memory_order_relaxed) && !may_start(home, w, before_parking)) [[unlikely]]
        return task::drop(closure);
    std::unique_ptr<task::TaskOptions> own; // first: what throws must not leave a record behind
    if (options) own = checked(*options);
    task::Task* task =
        task::make_task<std::decay_t<Closure>>(w ? &w->records : nullptr, place, std::forward<Closure>(closure));
    if (options) task->options = own.release();
    if constexpr (std::is_lvalue_reference_v<Closure> || !task::moves_alone<std::decay_t<Closure>>)
        w = sched::this_worker(); // it may have parked
    sched::start(home, w, task);
}

template <class F, class... Args>
void go(sched::Scheduler* home, const GoOptions* options, Place place, F&& f, Args&&... args) {
    start(home, options, place, task::bind(std::forward<F>(f), std::forward<Args>(args)...));
}

/// Ends the goroutine in the eyes of those who wait for it, when all that it owned is gone.
template <class Then>
struct AfterLocals {
    Then then;
    void operator()() {
        sched::end_locals();
        then();
    }
    void drop() { then(); }
};

/// The same, and `then()` when the goroutine has ended and its closure, arguments and GoroutineLocal values are
/// destroyed; at once when there is none, since an exception leaves this call, or since the caller's runtime is over and
/// it parks here for ever: others may wait for what it has announced.
template <class Then, class F, class... Args>
void go_then(sched::Scheduler* home, const GoOptions* options, Place place, Then then, F&& f, Args&&... args) {
    using Body = decltype(task::bind(std::forward<F>(f), std::forward<Args>(args)...));
    bool done = false;
    const auto withdraw = [&done, then] {
        done = true;
        then();
    };
    try {
        start(home, options, place,
              task::Sequence<Body, AfterLocals<Then>>(task::bind(std::forward<F>(f), std::forward<Args>(args)...),
                                                      AfterLocals<Then>{then}),
              withdraw);
    } catch (...) {
        if (!done) then();
        throw;
    }
}
template <class Then, class F, class... Args>
void go_then(const GoOptions* options, Place place, Then then, F&& f, Args&&... args) {
    go_then(sched::scheduler_here(sched::this_worker()), options, place, std::move(then), std::forward<F>(f),
            std::forward<Args>(args)...);
}

} // namespace spawn
} // namespace gofer::inline v1

// Runtime and run: a set of workers of one's own, with a beginning and an end.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <gofer/base/separate.hpp>
#include <gofer/go.hpp>
#include <gofer/runtime_options.hpp>
#include <gofer/sync/future.hpp>
#include <gofer/sync/wait_group.hpp>
#if GOFER_WITH_BODIES
#include <gofer/debug/deadlock.hpp>
#include <gofer/debug/gdb.hpp>
#include <gofer/debug/shutdown.hpp>
#endif

namespace gofer::inline v1 {

/// A pool of workers with its own goroutines. Thread-safe but for construction and destruction.
class Runtime {
public:
    /// Starts the workers. Throws std::system_error when the system gives no thread, std::invalid_argument for options out
    /// of range.
    explicit Runtime(RuntimeOptions options = {}) : options_(options), scheduler_(make(options)) {
        scheduler_->face.store(this, std::memory_order_release);
    }
    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    /// As gofer::go, in this runtime. Throws std::logic_error after shutdown().
    template <class F>
        requires(!std::is_same_v<std::decay_t<F>, GoOptions>)
    void go(F&& f, Place place = Place::here()) {
        spawn::go(scheduler_, nullptr, place, std::forward<F>(f));
    }
    template <class F, class Arg, class... Args>
        requires(!std::is_same_v<std::decay_t<F>, GoOptions> && !std::is_same_v<std::decay_t<Arg>, Place>)
    [[gnu::always_inline]] void go(F&& f, Arg&& arg, Args&&... args) {
        spawn::go(scheduler_, nullptr, Place::of_this_call(), std::forward<F>(f),
                  std::forward<Arg>(arg), std::forward<Args>(args)...);
    }
    template <class F>
    void go(GoOptions options, F&& f, Place place = Place::here()) {
        spawn::go(scheduler_, &options, place, std::forward<F>(f));
    }
    template <class F, class Arg, class... Args>
        requires(!std::is_same_v<std::decay_t<Arg>, Place>)
    [[gnu::always_inline]] void go(GoOptions options, F&& f, Arg&& arg, Args&&... args) {
        spawn::go(scheduler_, &options, Place::of_this_call(), std::forward<F>(f),
                  std::forward<Arg>(arg), std::forward<Args>(args)...);
    }

    /// Runs f(args...) as a goroutine of this runtime with a stack of at least 8 MB, and blocks until it returns or
    /// throws. Goroutines it started may be left; they go on until shutdown(). When somebody else calls that meanwhile
    /// and f does not come to its end, this throws std::future_error(broken_promise).
    template <class F>
    decltype(auto) run(F&& f, Place place = Place::here()) {
        return run_at(place, std::forward<F>(f));
    }
    template <class F, class Arg, class... Args>
        requires(!std::is_same_v<std::decay_t<Arg>, Place>)
    [[gnu::always_inline]] decltype(auto) run(F&& f, Arg&& arg, Args&&... args) {
        return run_at(Place::of_this_call(), std::forward<F>(f), std::forward<Arg>(arg),
                      std::forward<Args>(args)...);
    }

    /// Waits the grace for goroutines that are left, ends the workers, and reports what remains on stderr. Again:
    /// nothing. Not from one of its own goroutines (std::logic_error). The default runtime is never shut down.
    void shutdown();

    [[nodiscard]] RuntimeStats stats() const;

    /// The runtime of the running goroutine; on a plain thread the default one.
    static Runtime& current();

    template <class F, class... Args>
    decltype(auto) run_at(Place place, F&& f, Args&&... args);

private:
    struct DefaultTag {};
    explicit Runtime(DefaultTag) : scheduler_(sched::default_scheduler()), owned_(false) {}

    [[gnu::visibility("default")]] static Runtime& default_runtime() {
        static Runtime& runtime = *new Runtime(DefaultTag{});
        return runtime;
    }

    static void check(const RuntimeOptions& options);
    static sched::Scheduler* make(const RuntimeOptions& options);
    static sched::OnDeadlock on_deadlock(DeadlockOption option) noexcept;

    RuntimeOptions options_;
    sched::Scheduler* scheduler_;
    bool owned_ = true;
    std::atomic<bool> shut_down_{false};
};

namespace runtime {

inline constexpr std::size_t main_stack_size = std::size_t{8} << 20;

/// The result of the function that `run` runs, until the caller picks it up.
template <class R>
struct Outcome {
    std::optional<sync::Stored<R>> value;
    std::exception_ptr error;
    bool there = false; // false: the function has not come to its end, since somebody has shut its runtime down

    template <class Body>
    void take(Body&& body) noexcept {
        try {
            if constexpr (std::is_void_v<R>)
                std::forward<Body>(body)();
            else if constexpr (std::is_reference_v<R>) {
                R result = std::forward<Body>(body)(); // by its name an rvalue's address can be had, too
                value.emplace(std::addressof(result));
            } else
                value.emplace(std::forward<Body>(body)());
        } catch (...) {
            error = std::current_exception();
        }
        there = true;
    }
    R give() {
        if (!there) throw std::future_error(std::future_errc::broken_promise);
        if (error) std::rethrow_exception(std::move(error));
        if constexpr (std::is_reference_v<R>)
            return static_cast<R>(**value);
        else if constexpr (!std::is_void_v<R>)
            return std::move(*value);
    }
};

/// The main goroutine of a run. All that it owns is destroyed before the caller is told; one that is abandoned, since another
/// thread has shut the runtime down, tells it, too, when nobody is in its code any more: that refers to the caller's frame.
template <class Body, class R>
class Main : task::AbandonHook {
public:
    Main(Body body, Outcome<R>& outcome, WaitGroup& ended)
        : body_(std::move(body)), outcome_(&outcome), ended_(&ended) {}

    void operator()() && {
        task::AbandonHook::abandon = [](task::AbandonHook& hook) { static_cast<Main&>(hook).abandon(); };
        task::AbandonHook::after_its_code = true;
        task::Goroutine* self = sched::this_goroutine_record();
        self->when_abandoned(this);
        outcome_->take([this]() -> R {
            try {
                return std::move(body_)();
            } catch (const Unwind&) {
                throw std::future_error(std::future_errc::broken_promise);
            }
        });
        body_.dispose();
        sched::end_locals();
        self->when_abandoned(nullptr);
        ended_->done();
    }
    void abandon() { ended_->done(); }
    void drop() {
        body_.dispose();
        ended_->done();
    }

private:
    task::Disposable<Body> body_;
    Outcome<R>* outcome_;
    WaitGroup* ended_;
};

} // namespace runtime

template <class F, class... Args>
decltype(auto) Runtime::run_at(Place place, F&& f, Args&&... args) {
    using Body = decltype(task::bind(std::forward<F>(f), std::forward<Args>(args)...));
    using R = decltype(std::declval<Body>()());
    runtime::Outcome<R> outcome;
    WaitGroup ended;
    ended.add(1);
    const GoOptions options{.name = "main", .stack_size = std::max(options_.stack_size, runtime::main_stack_size)};
    spawn::start(scheduler_, &options, place,
                 runtime::Main<Body, R>(task::bind(std::forward<F>(f), std::forward<Args>(args)...), outcome, ended));
    {
        const wait::HoldUnwind hold; // the function refers to this frame
        ended.wait_as(task::WaitReason::inner_run);
    }
    return static_cast<R>(outcome.give());
}

#if GOFER_WITH_BODIES

GOFER_SEPARABLE Runtime::~Runtime() {
    shutdown();
    if (!owned_) return;
    scheduler_->face.store(nullptr, std::memory_order_relaxed);
    scheduler_->release();
}

GOFER_SEPARABLE void Runtime::shutdown() {
    if (!owned_ || shut_down_) return;
    if (sched::this_scheduler(sched::this_worker()) == scheduler_) // in its blocking code, too
        throw std::logic_error("gofer: Runtime::shutdown() from one of its own goroutines; return from them instead");
    if (shut_down_.exchange(true)) return;
    const wait::HoldUnwind hold;
    debug::shut_down(*scheduler_, options_.shutdown_grace, options_.leaks == Leaks::abort);
}

GOFER_SEPARABLE void Runtime::check(const RuntimeOptions& options) {
    constexpr unsigned most_workers = 1 << 16;
    if (options.workers > most_workers)
        throw std::invalid_argument("gofer: RuntimeOptions::workers is over 65,536: " + std::to_string(options.workers) +
                                    "; 0 is for as many as there are CPUs");
    if (options.stack_size > task::StackPools::largest)
        throw std::invalid_argument("gofer: RuntimeOptions::stack_size is over 2 TB: " + std::to_string(options.stack_size));
}

GOFER_SEPARABLE sched::Scheduler* Runtime::make(const RuntimeOptions& options) {
    sched::must_not_be_forked("a Runtime is made");
    check(options);
    auto* s = new sched::Scheduler(options.workers ? options.workers : sched::default_worker_count(),
                                   options.stack_size);
    s->on_deadlock = on_deadlock(options.deadlock);
    if (options.long_run.count() > 0) s->long_run_ns = base::saturated_ns(options.long_run);
    s->unwinds = options.leaks == Leaks::unwind;
    try {
        sched::start_threads(*s);
    } catch (...) {
        debug::end_threads(*s, std::chrono::milliseconds(100));
        sched::Monitor::instance().remove(*s);
        s->release();
        throw;
    }
    return s;
}

GOFER_SEPARABLE sched::OnDeadlock Runtime::on_deadlock(DeadlockOption option) noexcept {
    if (!option.said()) return sched::OnDeadlock::by_rule;
    switch (option) {
    case Deadlock::abort: return sched::OnDeadlock::abort;
    case Deadlock::report: return sched::OnDeadlock::report;
    case Deadlock::ignore: return sched::OnDeadlock::ignore;
    }
    return sched::OnDeadlock::by_rule;
}

GOFER_SEPARABLE Runtime& Runtime::current() {
    const sched::Scheduler* s = sched::this_scheduler(sched::this_worker());
    if (!s || s == sched::default_scheduler_slot().load(std::memory_order_acquire)) return default_runtime();
    void* face = s->face.load(std::memory_order_acquire);
    if (!face) wait::park_forever(task::WaitReason::shut_down); // one that computes on past the end of its runtime
    return *static_cast<Runtime*>(face);
}

GOFER_SEPARABLE RuntimeStats Runtime::stats() const {
    base::EngineRegion engine;
    const sched::Scheduler& s = *scheduler_;
    RuntimeStats stats;
    stats.goroutines = s.live();
    stats.goroutines_started = s.spawned();
    stats.workers = s.workers.regulars();
    stats.rescues = s.trouble.rescues.get();
    stats.runnable = s.injected.size();
    for (auto& w : s.workers) {
        stats.runnable += w->queue.size() + (w->queue.next() ? 1 : 0) + w->pinned.size();
        stats.steals += w->steals.get();
        stats.parks += w->parks.get();
        stats.wakeups += w->wakeups.get();
    }
    const auto& pools = task::stack_pools();
    for (unsigned c = 0; c < task::StackPools::classes; ++c) {
        stats.stacks += pools.slab(c).size();
        stats.stack_bytes += pools.slab(c).size() * pools.usable(c);
    }
    pools.for_each([&](const task::Goroutine& g) {
        if (g.home == &s && g.state.load(std::memory_order_relaxed) == task::State::parked) ++stats.parked;
    });
    return stats;
}

#endif

/// Runs f(args...) as the main goroutine of a fresh runtime, with a stack of at least 8 MB, and returns what it returns
/// or rethrows what it throws. Goroutines that are left then are waited for shortly, and those still parked are named
/// on stderr as leaked, and abandoned or unwound (RuntimeOptions::leaks). Blocks; from inside a goroutine it parks.
template <class F>
    requires(!std::is_same_v<std::decay_t<F>, RuntimeOptions>)
decltype(auto) run(F&& f, Place place = Place::here()) {
    Runtime runtime;
    return runtime.run_at(place, std::forward<F>(f));
}
template <class F, class Arg, class... Args>
    requires(!std::is_same_v<std::decay_t<F>, RuntimeOptions> && !std::is_same_v<std::decay_t<Arg>, Place>)
[[gnu::always_inline]] inline decltype(auto) run(F&& f, Arg&& arg, Args&&... args) {
    Runtime runtime;
    return runtime.run_at(Place::of_this_call(), std::forward<F>(f), std::forward<Arg>(arg),
                          std::forward<Args>(args)...);
}
template <class F>
decltype(auto) run(RuntimeOptions options, F&& f, Place place = Place::here()) {
    Runtime runtime(options);
    return runtime.run_at(place, std::forward<F>(f));
}
template <class F, class Arg, class... Args>
    requires(!std::is_same_v<std::decay_t<Arg>, Place>)
[[gnu::always_inline]] inline decltype(auto) run(RuntimeOptions options, F&& f, Arg&& arg, Args&&... args) {
    Runtime runtime(options);
    return runtime.run_at(Place::of_this_call(), std::forward<F>(f), std::forward<Arg>(arg),
                          std::forward<Args>(args)...);
}

} // namespace gofer::inline v1

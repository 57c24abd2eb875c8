// Leaks::unwind: what is left of a runtime is run once more, so that its destructors run. On a thread of its own, which
// is a worker of the runtime that takes nothing but what it is given here: one goroutine at a time, the newest first.
//
// - One that is parked: its wait is ended (Episode::end_by_unwinding). The call leaves its lists and throws Unwind.
// - One that is ready, since somebody had ended its wait or it has yielded: it goes on, so that what it was given is not
//   lost, until it parks or yields again; then it is unwound there.
// - It comes back here when it has ended or blocks again: the loop it leaves to finds its runtime stopped, and ends.
// - One that is parked with an exception in flight, in a call that must not be left (wait/unwind.hpp), in blocking code, or
//   after Unwind, stays where it is. It is abandoned, as are all that are left when this is over.
// - Unwind may meet a frame that lets no exception through: a destructor of the user's, a noexcept function. The
//   language answers with std::terminate; for Unwind our handler abandons the goroutine right there.
// - One that waits for its turn in a queue for the first time is destroyed unrun.
// Who ends a wait has to be exact here, since the frame goes: the claim of a contested wait is a compare-and-swap; of
// others it is made under the lock of their list, which end_by_unwinding() takes. One that somebody had claimed is
// resumed when it has arrived in a queue, not earlier: until then its waker may still look at it.
// A destructor may compute for ever or wait for a lock nobody gives back. `run` must not: when nothing has moved for
// a while it leaves the thread to itself, which then touches nothing but the goroutine it is in.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_set>
#include <vector>

#include <gofer/debug/growing_pause.hpp>
#include <gofer/sched/abandon.hpp>
#include <gofer/sched/patience.hpp>
#include <gofer/sched/worker_thread.hpp>
#include <gofer/wait/waiter.hpp>

namespace gofer::inline v1::debug {

/// std::terminate on behalf of Unwind abandons the goroutine. While any lives, process-wide.
class TerminateTrap {
public:
    TerminateTrap() noexcept {
        const std::lock_guard<base::SpinLock> guard(lock());
        if (count()++ == 0) before() = std::set_terminate(&abandon_or_die);
    }
    ~TerminateTrap() {
        const std::lock_guard<base::SpinLock> guard(lock());
        if (--count() == 0 && std::get_terminate() == &abandon_or_die) std::set_terminate(before());
    }
    TerminateTrap(const TerminateTrap&) = delete;
    TerminateTrap& operator=(const TerminateTrap&) = delete;

private:
    [[gnu::visibility("default")]] static base::SpinLock& lock() noexcept {
        static base::SpinLock spin;
        return spin;
    }
    [[gnu::visibility("default")]] static unsigned& count() noexcept {
        static unsigned traps = 0;
        return traps;
    }
    [[gnu::visibility("default")]] static std::terminate_handler& before() noexcept {
        static std::terminate_handler handler = nullptr;
        return handler;
    }
    /// Where the compiler has noexcept call std::terminate without a look at the exception, it is in flight as it was.
    static bool is_due_to_unwind(const sched::Worker& w) noexcept {
        const task::Goroutine& g = *w.current;
        const bool in_flight = w.exceptions->uncaught == 1 && w.exceptions->caught == w.caught;
        return task::handles_unwind() || (in_flight && g.unwound == g.id);
    }
    [[noreturn]] static void abandon_or_die() {
        const sched::Worker* w = sched::this_worker();
        if (w && w->unwinds && w->current && is_due_to_unwind(*w)) {
            base::say("gofer: %s is abandoned: Unwind met a destructor, or another function that lets no exception pass\n",
                      sched::Identity(*w->current).c_str());
            wait::park_forever(task::WaitReason::none);
        }
        if (const std::terminate_handler handler = before()) handler();
        std::abort();
    }
};

class Unwinding {
public:
    Unwinding(sched::Scheduler& s, const sched::Unstarted& unstarted, const sched::Resumable& resumable)
        : home_(s), worker_(s.workers.add_last()), unstarted_(unstarted),
          resumable_(resumable.begin(), resumable.end()), left_unstarted_(unstarted.size()) {
        worker_.unwinds = true;
        worker_.attention = true; // a goroutine that leaves goes to a loop, which finds its runtime stopped
        worker_.timers.close([](sched::Timer&, std::int64_t) { return false; });
    }
    Unwinding(const Unwinding&) = delete;
    Unwinding& operator=(const Unwinding&) = delete;

    /// After give_up(): those that were not destroyed, and are not being destroyed at this moment.
    sched::Unstarted untouched() const {
        return {unstarted_.begin(), unstarted_.begin() + static_cast<std::ptrdiff_t>(left_unstarted_)};
    }

    /// On its own thread.
    void run() {
        const TerminateTrap trap;
        if (!destroy_unstarted()) return;
        for (const Left& left : find_left())
            if (!unwind(*left.goroutine)) return;
    }

    /// No goroutine is resumed from here on. The result is the one that is running at this moment, if any: its thread
    /// sees to what becomes of it.
    const task::Goroutine* give_up() noexcept {
        const base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        return std::exchange(turn_, Turn::over) == Turn::taken ? handled_ : nullptr;
    }
    unsigned steps() const noexcept { return steps_.load(std::memory_order_relaxed); }
    sched::Scheduler& home() const noexcept { return home_; }
    sched::Worker& worker() const noexcept { return worker_; }

private:
    enum class Turn { resting, taken, over };

    struct Left {
        std::uint64_t id;
        task::Goroutine* goroutine;
    };

    // From a claim to the queue it is a few instructions. Shorter than anybody waits for a step (unwinding_patience).
    static constexpr std::int64_t arrival_ns = 500'000'000;

    /// `left`: of those that have not started, how many are left to others. False, as of the next: given up.
    bool begin_step(const task::Goroutine* g, std::size_t left = 0) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (turn_ == Turn::over) return false;
        turn_ = Turn::taken;
        handled_ = g;
        left_unstarted_ = left;
        return true;
    }
    bool end_step() noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (turn_ == Turn::over) return false;
        turn_ = Turn::resting;
        return true;
    }
    void count_step() noexcept { steps_.store(steps() + 1, std::memory_order_relaxed); }

    /// False: given up.
    bool destroy_unstarted() {
        for (std::size_t i = unstarted_.size(); i-- > 0;) {
            count_step();
            if (!begin_step(nullptr, i)) return false;
            destroy(unstarted_[i]);
            if (!end_step()) return false;
        }
        return true;
    }
    void destroy(task::Task* task) {
        delete std::exchange(task->options, nullptr);
        {
            const base::UserCode visible;
            base::tsan_acquire(task);
            task->destroy(&worker_.records);
        }
        worker_.ended.add();
    }

    std::vector<Left> find_left() const {
        std::vector<Left> left;
        task::stack_pools().for_each([&](task::Goroutine& g) {
            const task::State state = g.state.load(std::memory_order_relaxed);
            if (g.home != &home_ || state == task::State::vacant || state == task::State::running) return;
            left.push_back({g.id, &g});
        });
        std::sort(left.begin(), left.end(), [](const Left& a, const Left& b) { return a.id > b.id; });
        return left;
    }

    /// False: given up.
    bool unwind(task::Goroutine& g) {
        count_step();
        while (begin_step(&g)) {
            const bool comes_again = is_to_go_on(g) && !resume(g);
            if (!end_step()) break;
            if (!comes_again) return true;
        }
        const base::UserCode visible;
        sched::abandon_parked(home_);
        return false;
    }

    /// Prepares it for its next stretch. False: it is abandoned here.
    bool is_to_go_on(task::Goroutine& g) {
        if (g.running.load(std::memory_order_acquire)) return false; // it parks on a stuck worker at this moment
        const bool may_throw = g.unwound != g.id && g.holds == 0 && g.exceptions.uncaught == 0;
        g.must_unwind = may_throw ? g.id : 0;
        if (g.state.load(std::memory_order_relaxed) == task::State::runnable) return arrives(g);
        if (!may_throw || g.reason.load(std::memory_order_relaxed) == task::WaitReason::blocking) return false;
        auto& episode = *static_cast<wait::Episode*>(const_cast<void*>(g.episode));
        if (!episode.end_by_unwinding()) return arrives(g);
        g.unwound = g.id;
        if (g.pinned_to) g.woken_by({}); // nobody is to leave a name with it any more (the flight recorder)
        return true;
    }

    /// Waits until whoever has made it ready is done with it.
    bool arrives(task::Goroutine& g) {
        const std::int64_t end = base::now_ns() + arrival_ns;
        for (base::Backoff backoff; resumable_.erase(&g) == 0; backoff.pause()) {
            if (base::now_ns() > end) return false;
            sched::Unstarted late;
            sched::Resumable arrived;
            sched::take_queued(home_, late, arrived);
            sched::abandon(late);
            resumable_.insert(arrived.begin(), arrived.end());
        }
        return true;
    }

    /// Runs it until it ends (true) or leaves its worker.
    bool resume(task::Goroutine& g) {
        const std::uint64_t ended = worker_.ended.get();
        base::engine_acquire(&worker_.thread_ends);
        base::engine_release(&worker_.thread_began);
        base::engine_release(&g);
        enter(&worker_, &g);
        return worker_.ended.get() != ended; // then its record may be another's by now
    }
    GOFER_UNINSTRUMENTED static void enter(sched::Worker* w, task::Goroutine* g) {
        w->set_after(fiber::after_nothing, nullptr);
        fiber::switch_fiber(w, &w->native, sched::enter(*w, g));
    }

    sched::Scheduler& home_;
    sched::Worker& worker_;
    const sched::Unstarted unstarted_;
    std::unordered_set<const task::Goroutine*> resumable_;
    std::atomic<unsigned> steps_{0};
    base::SpinLock lock_; // guards what follows: a step has begun before give_up(), or never does
    Turn turn_ = Turn::resting;
    const task::Goroutine* handled_ = nullptr;
    std::size_t left_unstarted_; // those before that have not been touched
};

/// The body of its thread.
inline void unwinding_thread(const std::shared_ptr<Unwinding>& unwinding) {
    sched::Worker& w = unwinding->worker();
    sched::serve_as_worker(&w, "gofer-unwind", [&unwinding](sched::Worker*) { unwinding->run(); });
}

/// How long it is waited for, at least: threads that may be on their way to a park, where their goroutines can be
/// unwound, and then one that is unwound.
inline constexpr std::chrono::milliseconds unwinding_grace{100};
inline constexpr std::chrono::milliseconds unwinding_patience{1000};

/// Until its thread has ended, or has made no step for `patience`, though it had a processor.
inline void await(const Unwinding& unwinding, std::chrono::milliseconds patience) {
    sched::Worker& w = unwinding.worker();
    const auto has_ended = [&w] { return w.exited.load(std::memory_order_acquire); };
    GrowingPause pause(std::chrono::microseconds(5));
    unsigned seen = 0;
    do {
        seen = unwinding.steps();
        sched::begin_patience(w);
        const auto has_moved = [&] { return has_ended() || unwinding.steps() != seen; };
        sched::await_worker(w, base::deadline_after(patience), has_moved, [&pause] { pause(); });
    } while (!has_ended() && unwinding.steps() != seen);
}

/// Unwinds what is left of `s`, whose workers have ended or are stuck. Returns when that is done, or when a goroutine has
/// not come back for `patience`: that one. What could not be destroyed stays in `unstarted`.
inline const task::Goroutine* unwind_all(sched::Scheduler& s, sched::Unstarted& unstarted,
                                         const sched::Resumable& resumable, std::chrono::milliseconds patience) {
    const auto unwinding = [&] {
        const base::EngineRegion engine;
        return std::make_shared<Unwinding>(s, unstarted, resumable);
    }();
    sched::Worker& w = unwinding->worker();
    s.retain();
    w.exited.store(false, std::memory_order_relaxed);
    try {
        w.thread = std::thread(unwinding_thread, unwinding);
    } catch (const std::exception&) { // no thread, or no memory for one
        w.exited.store(true, std::memory_order_relaxed);
        s.release();
        return nullptr;
    }
    await(*unwinding, patience);
    const task::Goroutine* still_running = unwinding->give_up();
    unstarted = unwinding->untouched();
    sched::part_from(w);
    return still_running;
}

} // namespace gofer::inline v1::debug

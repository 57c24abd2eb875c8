// The scheduler of one runtime: its workers, the queue for work from outside, and the idle protocol. Shared by the
// Runtime handle, its worker threads and the goroutines it abandoned, and gone when the last of them is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include <gofer/base/separate.hpp>
#include <gofer/fiber/reachable.hpp>
#include <gofer/sched/idle.hpp>
#include <gofer/sched/roster.hpp>
#include <gofer/sched/this_worker.hpp>
#include <gofer/sched/worker.hpp>

namespace gofer::inline v1::sched {

[[gnu::visibility("default")]] inline std::uint32_t next_scheduler_id() noexcept {
    static std::atomic<std::uint32_t> ids{0};
    return ids.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// $GOFER_LONG_RUN, milliseconds, in nanoseconds; 0 if it is not set.
inline std::int64_t long_run_by_environment() noexcept {
    const char* text = std::getenv("GOFER_LONG_RUN");
    const long long ms = text ? std::strtoll(text, nullptr, 10) : 0;
    return ms > 0 && ms < 1'000'000'000 ? ms * 1'000'000 : 0;
}

/// Something that a room above keeps with a scheduler: told when the runtime's work is over, and when it is gone.
struct Companion {
    void (*end)(Companion&) noexcept;
    void (*release)(Companion&) noexcept;
};

/// What the monitor notes of a scheduler whose workers get stuck (rescue.hpp).
struct Trouble {
    std::int64_t alert_until = 0;                  // the monitor's, as is the next
    unsigned looks_to_spare = 0;                   // how often others have been left to help
    std::atomic<std::int64_t> strangers_from{0};   // before that, stand-ins start nothing that may compute for long
    Counter rescues;                               // how often a stand-in was called
};

/// What is wanted of this runtime when nothing can wake its goroutines any more (debug/deadlock.hpp). `by_rule`: the
/// process is aborted if that is certain.
enum class OnDeadlock : std::uint8_t { by_rule, abort, report, ignore };

class Scheduler {
public:
    Scheduler(unsigned worker_count, std::size_t stack_size)
        : workers(this, worker_count), stack_class(task::StackPools::class_of(stack_size)) {}
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    Roster workers;
    const unsigned stack_class;
    const std::uint32_t id = next_scheduler_id();
    std::int64_t long_run_ns = long_run_by_environment(); // who runs longer without parking is named; 0: nobody
    InjectionQueue injected;
    Idle idle;
    std::atomic<std::uint64_t> spawned_outside{0};
    std::atomic<std::uint32_t> references{1};
    std::atomic<unsigned> threads{0}; // of its workers; those on their last steps are not counted
    std::atomic<bool> stopped{false};  // no goroutine of this runtime is started or resumed any more
    std::atomic<bool> frozen{false};   // the process exits: the workers stand still instead of ending
    std::atomic<bool> ending{false};   // nothing is left but the grace
    std::atomic<bool> finished{false}; // what is left now is abandoned
    bool unwinds = false;              // what is left is unwound first; set before its threads start
    bool never_joins = false;         // its threads are detached from the start
    OnDeadlock on_deadlock = OnDeadlock::by_rule; // set before the threads start
    bool deadlock_reported = false;   // the monitor's
    std::atomic<void*> face{nullptr}; // the Runtime that users hold
    std::atomic<Companion*> companion{nullptr}; // its background context, once someone has asked for it
    Trouble trouble;
    Scheduler* next_scheduler = nullptr; // in the registry, guarded by its lock

    void retain() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        base::EngineRegion engine; // goroutines that nobody waited for have read it
        if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(this);
    }

    /// Tells the idle protocol that the calling worker has added work. Partner: Idle::announce_sleep and leave.
    [[gnu::always_inline]] void notify() noexcept {
        base::light_barrier();
        if (!idle.is_quiet()) [[unlikely]]
            notify_slow();
    }

    /// Adds work from a thread that is no worker of ours.
    void inject(Runnable r) noexcept {
        retain(); // what is queued may run to its end, and the runtime with it, before we have read `idle`
        injected.push(r);
        base::light_barrier_out_of_line(); // partner: heavy_barrier in sleep and leave_office
        if (idle.call())
            idle.wake_one();
        else
            idle.poke();
        release();
    }

    /// Adds a goroutine to the worker that it is pinned to. Any thread.
    [[gnu::noinline, gnu::cold]] void send_to_pin(Goroutine* g) noexcept {
        retain(); // as in inject()
        auto& w = *static_cast<Worker*>(g->pinned_to);
        w.pinned.push(Runnable(g));
        w.attention.store(true, std::memory_order_seq_cst);
        idle.wake_for_timers(w); // if it is about to sleep, it looks into `pinned` after this lock
        workers.call_for_pinned(w);
        release();
    }
    void send_all_to_pins(fiber::Fiber* chain) noexcept {
        while (chain) {
            auto* g = static_cast<Goroutine*>(chain);
            chain = chain->next;
            send_to_pin(g);
        }
    }

    /// Anything runnable anywhere? A hint; exact for what was published before the caller's heavy barrier.
    bool work_in_sight() const noexcept {
        if (!injected.empty()) return true;
        for (auto& w : workers)
            if (w->has_local_work()) return true;
        return false;
    }

    /// There is a call, or the light barrier was not enough.
    [[gnu::noinline]] void notify_slow() noexcept {
        base::light_barrier_out_of_line();
        if (idle.call()) idle.wake_one();
    }

    /// The searcher has found something and goes to run it; whoever added work meanwhile relied on it.
    void leave_office(Worker& w) noexcept {
        idle.leave_office(w);
        if (idle.sleeping() == 0) return;
        base::heavy_barrier();
        if (work_in_sight()) idle.wake_one();
    }

    /// Goroutines started and ended so far. Read ended first: if both are equal, none was alive in between.
    std::uint64_t ended() const noexcept {
        std::uint64_t sum = 0;
        for (auto& w : workers) sum += w->ended.get();
        return sum;
    }
    std::uint64_t spawned() const noexcept {
        std::uint64_t sum = spawned_outside.load(std::memory_order_acquire);
        for (auto& w : workers) sum += w->spawned.get();
        return sum;
    }
    std::uint64_t live() const noexcept {
        const std::uint64_t over = ended();
        return spawned() - over;
    }
    /// The end of the work, before the grace. Whoever sets `companion` looks at `ending` afterwards.
    void end_companion() noexcept {
        ending.store(true, std::memory_order_seq_cst);
        Companion* c = companion.load(std::memory_order_seq_cst);
        if (!c) return;
        void (*end)(Companion&) noexcept = nullptr;
        {
            base::EngineRegion engine; // TSan sees it destroyed, by a thread of the user's that had the last reference
            end = c->end;
        }
        end(*c);
    }
    bool all_asleep() const noexcept { return idle.sleeping() == workers.on_duty(); }

private:
    static void destroy(Scheduler* s) noexcept;
    ~Scheduler() {
        if (Companion* c = companion.load(std::memory_order_relaxed)) c->release(*c);
    }
};

#if GOFER_WITH_BODIES
GOFER_SEPARABLE void Scheduler::destroy(Scheduler* s) noexcept {
    delete s;
}
#endif

/// Tells a leak checker that what the goroutines of `s` own is owned, though no thread is on their stacks.
inline void keep_goroutines_reachable(Scheduler& s) {
    if constexpr (!base::asan_build) return;
    fiber::keep_reachable(static_cast<const void*>(&s));
    task::stack_pools().for_each([&s](const Goroutine& g) {
        if (g.home == &s && g.state.load(std::memory_order_relaxed) != task::State::vacant) fiber::keep_reachable(g);
    });
}

} // namespace gofer::inline v1::sched

// A worker: one thread of a runtime and what belongs to it. This file is the data; what is done with it stands in
// ready.hpp (adding work), suspend.hpp (leaving a goroutine), loop.hpp (running), search.hpp and idle.hpp (finding
// work elsewhere, and sleeping).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include <gofer/base/clock.hpp>
#include <gofer/base/futex.hpp>
#include <gofer/base/random.hpp>
#include <gofer/fiber/switch.hpp>
#include <gofer/sched/injection_queue.hpp>
#include <gofer/sched/kept.hpp>
#include <gofer/sched/run_queue.hpp>
#include <gofer/sched/timer_heap.hpp>
#include <gofer/task/record_pool.hpp>

namespace gofer::inline v1::sched {

class Scheduler;
struct Track; // recorder.hpp

/// What a thief saw of a victim when it looked last (search.hpp).
struct Look {
    static constexpr std::int64_t worth_moving_ns = 50'000; // for what would wait that long in a queue that moves

    std::int64_t time = 0;
    std::int64_t turn_ns = 0;      // on average since the look before; 0: not known
    std::int64_t oldest_since = 0; // when the oldest was seen first
    std::int64_t long_since = 0;   // when the queue was long first
    std::uint32_t turns = 0;
    std::uint32_t oldest = 0;
    std::uint32_t length = 0;
    Runnable next;
    bool next_is_stuck = false; // its worker has taken no turn since the look before

    bool is_long() const noexcept { return length * turn_ns >= worth_moving_ns; }
};

/// A counter that one thread writes and any may read.
class Counter {
public:
    void add(std::uint64_t n = 1) noexcept { value_.store(get() + n, std::memory_order_release); }
    /// One that was added for what did not come about.
    void take_back() noexcept { value_.store(get() - 1, std::memory_order_release); }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_acquire); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// At which lock a worker's thread is, to which that lock is biased: see bias.hpp.
struct [[gnu::visibility("default")]] alignas(64) Presence {
    void open() noexcept { at.store(nullptr, std::memory_order_relaxed); }

    std::atomic<const void*> at{nullptr};
    Presence* next_kept = nullptr;
};

/// The goroutine a worker is in; written by the worker, read by the monitor.
class Current {
public:
    Current& operator=(Goroutine* g) noexcept {
        goroutine_.store(g, std::memory_order_relaxed);
        return *this;
    }
    operator Goroutine*() const noexcept { return goroutine_.load(std::memory_order_relaxed); }

private:
    std::atomic<Goroutine*> goroutine_{nullptr};
};

/// What a worker is there for (roster.hpp). A stand-in that is gone has no thread.
enum class Duty : std::uint32_t { regular, serving, resting, gone };

struct alignas(64) Worker : fiber::Carrier {
    Worker(Scheduler* owner, unsigned number)
        : scheduler(owner), presence(Kept<Presence>::instance().take()), starts_unrecorded(owner), index(number),
          random(number + 1), timers(Kept<TimerHeap>::instance().take()) {}
    ~Worker() {
        Kept<TimerHeap>::instance().give_back(timers);
        Kept<Presence>::instance().give_back(presence);
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Touched by the worker's own thread only.
    Scheduler* scheduler;
    Presence& presence;
    std::atomic<Scheduler*> starts_unrecorded; // the same; none while starts are recorded, for which others may write it
    unsigned index;
    bool searcher = false; // it holds the searcher's office (idle.hpp)
    bool has_run = true;   // since it slept last
    bool unwinds = false;  // it resumes what is left of a runtime that has stopped (debug/unwind.hpp)
    const void* caught = nullptr; // then: the exception its goroutine was handling when it threw Unwind
    Current current;
    Runnable handed; // for the loop that is switched to next
    unsigned pinned_turns = 0;
    std::int64_t leash_end = 0;
    std::int64_t next_round = 0; // a stand-in's: when to look again at what waits behind the stuck
    fiber::Fiber* spares = nullptr;
    unsigned spare_count = 0;
    std::uint64_t next_id = 0;
    std::uint64_t last_id = 0;
    task::RecordPool records;
    base::Random random;
    std::unique_ptr<Look[]> looks;
    std::unique_ptr<Runnable[]> loot; // what a steal brings, on its way into the queue
    Track* track = nullptr; // the flight recorder's, once there has been one

    // Written by the worker, read by others.
    alignas(64) std::atomic<std::uint32_t> turns{0};
    Counter spawned, ended, parks, steals, wakeups;

    // Addresses only, for TSan: the thread's start happens before each goroutine on it, and each before its end, since
    // goroutines touch its thread_locals. (One thread_local used by two goroutines is a race to TSan all the same.)
    char thread_began = 0, thread_ends = 0;

    // Shared with thieves and wakers.
    alignas(64) std::atomic<bool> attention{false}; // something wants the loop's attention at its next turn
    RunQueue queue;
    TimerHeap& timers;
    InjectionQueue pinned;             // goroutines that must run here
    std::atomic<unsigned> pin_count{0}; // goroutines that are pinned here, ready or not; written by the worker
    base::FutexWord wake_word{0};
    base::FutexWord nap_word{0};
    std::atomic<bool> stuck{false};       // in one goroutine for long, so that a stand-in has its licence
    base::FutexWord duty{0};              // a Duty
    std::uint32_t turns_at_last_look = 0; // the monitor's, as are those down to used_then
    std::uint32_t oldest_at_last_look = 0;
    std::int64_t still_since = 0;         // when it was first seen at that turn
    std::uint64_t spawned_at_last_look = 0;
    std::int64_t spawning_until = 0; // about
    bool long_run_told = false;           // this stay in one goroutine has been reported as too long
    bool still_seen = false;              // and once more since; used_then is its processor time at that moment
    std::int64_t used_then = 0;
    std::int64_t used_since = 0;
    std::int64_t used_when_stopped = 0;   // of processor time, in ns, when it was told to stop (patience.hpp)
    clockid_t cpu_clock = 0;              // of its thread, as is the next
    std::atomic<pid_t> tid{0};            // 0: the thread has not begun
    Worker* next_sleeper = nullptr; // guarded by Idle's lock
    std::atomic<bool> asleep{false}; // guarded by Idle's lock; others may read it as a hint
    std::atomic<bool> exited{false};
    std::atomic<bool> frozen{false};
    std::thread thread;

    /// The number of the turn that begins.
    std::uint32_t count_turn() noexcept {
        const std::uint32_t turn = turns.load(std::memory_order_relaxed) + 1;
        turns.store(turn, std::memory_order_relaxed);
        return turn;
    }
    /// Every 32nd turn, or when asked for, the loop looks at the clock, timers, the injection queue and the leash.
    bool loop_is_due() const noexcept {
        return (turns.load(std::memory_order_relaxed) & 31) == 0 || attention.load(std::memory_order_relaxed);
    }
    /// Every 16th turn those in line come before what was made ready last, so that a chain of wake-ups does not keep
    /// them waiting; or thieves would take them, who are nearer than the end of the leash.
    static bool is_turn_of_line(std::uint32_t turn) noexcept { return (turn & 15) == 0; }
    bool stand_in() const noexcept {
        return duty.load(std::memory_order_relaxed) != static_cast<std::uint32_t>(Duty::regular);
    }
    bool has_local_work() const noexcept { return !queue.empty(); }
};

} // namespace gofer::inline v1::sched

namespace gofer::inline v1::task {

inline RecordPool* records_of(const Goroutine& g) noexcept { return &static_cast<sched::Worker*>(g.worker)->records; }

} // namespace gofer::inline v1::task

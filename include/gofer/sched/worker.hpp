// A worker: one thread of a runtime and what belongs to it. This file is the data; what is done with it stands in
// ready.hpp (adding work), suspend.hpp (leaving a goroutine), loop.hpp (running), search.hpp and idle.hpp (finding
// work elsewhere, and sleeping).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <gofer/base/futex.hpp>
#include <gofer/base/random.hpp>
#include <gofer/fiber/switch.hpp>
#include <gofer/sched/run_queue.hpp>
#include <gofer/sched/timer_heap.hpp>
#include <gofer/task/record_pool.hpp>

namespace gofer::inline v1::sched {

class Scheduler;

/// What a thief remembers of a victim from its last look.
struct Look {
    std::uint32_t turns = 0;
    std::uint32_t oldest = 0;
    std::uint32_t length = 0;
    Runnable next;
    std::int64_t time = 0;
};

/// A counter that one thread writes and any may read.
class Counter {
public:
    void add(std::uint64_t n = 1) noexcept { value_.store(get() + n, std::memory_order_release); }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_acquire); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// The heaps of workers that are gone, for the next ones (see timer_heap.hpp for why they are kept).
class TimerHeaps {
public:
    [[gnu::visibility("default")]] static TimerHeaps& instance() noexcept {
        static TimerHeaps& heaps = *new TimerHeaps;
        return heaps;
    }
    TimerHeap& take() {
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (!free_) return *new TimerHeap;
        TimerHeap& heap = *std::exchange(free_, free_->next_free);
        heap.open();
        return heap;
    }
    void give_back(TimerHeap& heap) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        heap.next_free = std::exchange(free_, &heap);
    }

private:
    base::SpinLock lock_;
    TimerHeap* free_ = nullptr;
};

struct alignas(64) Worker : fiber::Carrier {
    Worker(Scheduler* owner, unsigned number)
        : scheduler(owner), index(number), random(number + 1), timers(TimerHeaps::instance().take()) {}
    ~Worker() { TimerHeaps::instance().give_back(timers); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Touched by the worker's own thread only.
    Scheduler* scheduler;
    unsigned index;
    bool asymmetric = base::asymmetric_barriers();
    bool searcher = false; // it holds the searcher's office (idle.hpp)
    bool has_run = true;   // since it slept last
    Goroutine* current = nullptr;
    Runnable handed; // for the loop that is switched to next
    std::int64_t leash_end = 0;
    fiber::Fiber* spares = nullptr;
    unsigned spare_count = 0;
    std::uint64_t next_id = 0;
    std::uint64_t last_id = 0;
    task::RecordPool records;
    base::Random random;
    std::unique_ptr<Look[]> looks;
    std::unique_ptr<Runnable[]> loot; // what a steal brings, on its way into the queue

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
    base::FutexWord wake_word{0};
    base::FutexWord nap_word{0};
    std::uint32_t turns_at_last_tick = 0; // the monitor's
    Worker* next_sleeper = nullptr; // guarded by Idle's lock
    bool asleep = false;            // guarded by Idle's lock
    std::atomic<bool> exited{false};
    std::atomic<bool> frozen{false};
    std::thread thread;

    void count_turn() noexcept { turns.store(turns.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
    /// Every 32nd turn, or when asked for, the loop looks at the clock, timers, the injection queue and the leash.
    bool loop_is_due() const noexcept {
        return (turns.load(std::memory_order_relaxed) & 31) == 0 || attention.load(std::memory_order_relaxed);
    }
    bool has_local_work() const noexcept { return !queue.empty(); }
};

} // namespace gofer::inline v1::sched

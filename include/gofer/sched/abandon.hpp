// What is left of a runtime when it is over: goroutines that nobody resumes any more. They are kept with all they
// own, and whoever waits for the result of one is told. Nearly always that is done once, by the end of the runtime; a
// worker that was stuck in a goroutine then does it when that one has parked at last.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include <gofer/sched/scheduler.hpp>

namespace gofer::inline v1::sched {

using Unstarted = std::vector<Task*>;
using Resumable = std::vector<Goroutine*>;

/// Empties all queues of a runtime that has stopped, those of stuck workers as a thief does.
inline void take_queued(Scheduler& s, Unstarted& unstarted, Resumable& resumable) {
    const base::EngineRegion engine;
    constexpr std::uint32_t most = 256;
    Runnable batch[most];
    auto sort_out = [&](std::uint32_t n) {
        for (std::uint32_t i = 0; i < n; ++i)
            batch[i].is_task() ? unstarted.push_back(batch[i].task()) : resumable.push_back(batch[i].goroutine());
        return n > 0;
    };
    while (sort_out(s.injected.pop(batch, most))) {
    }
    for (auto& w : s.workers) {
        while (sort_out(w->pinned.pop(batch, most))) {
        }
        while (sort_out(w->queue.take_all(batch, most))) {
        }
    }
}

/// Goroutines that never started, and never will: kept.
inline void abandon(const Unstarted& unstarted) {
    if (unstarted.empty()) return;
    static auto& kept = *new Unstarted; // so that a leak checker sees that they are owned
    static base::SpinLock lock;
    for (Task* task : unstarted) {
        base::tsan_acquire(task); // partner: the release in start()
        task->abandon();
    }
    const std::lock_guard<base::SpinLock> guard(lock);
    kept.insert(kept.end(), unstarted.begin(), unstarted.end());
}

/// What `g`, which is not running, wanted to be done when it is abandoned; null: nothing, or not yet. Once.
inline task::AbandonHook* take_hook(Goroutine& g) noexcept {
    if (!g.on_abandon || (g.on_abandon->after_its_code && g.lent.load(std::memory_order_acquire))) return nullptr;
    base::engine_acquire(&static_cast<Worker*>(g.worker)->thread_ends); // what it did when it left
    base::engine_acquire(&g.lent);
    return std::exchange(g.on_abandon, nullptr);
}

/// Goroutines of `s` that nobody resumes any more: kept, and the scheduler with them, since they refer to it. Those who wait
/// for what they were to give are told, each once. `but`, and whoever runs, is passed over. Not in an EngineRegion.
inline void abandon_parked(Scheduler& s, const Goroutine* but = nullptr) {
    static base::SpinLock lock;
    std::vector<task::AbandonHook*> hooks; // called without the lock: they wake others
    {
        const base::EngineRegion engine;
        bool any = false;
        lock.lock();
        task::stack_pools().for_each([&](Goroutine& g) {
            const task::State state = g.state.load(std::memory_order_relaxed);
            if (g.home != &s || &g == but || state == task::State::vacant || state == task::State::running) return;
            any = true;
            if (task::AbandonHook* hook = take_hook(g)) hooks.push_back(hook);
        });
        lock.unlock();
        if (!any) return;
        s.retain();
        keep_goroutines_reachable(s); // before anybody is told, who may end the process
    }
    for (task::AbandonHook* hook : hooks) hook->abandon(*hook);
}

/// All that nobody runs any more, when the runtime has `finished`: what is parked, and what was queued since its queues
/// were emptied, by a goroutine that had begun to start another one before. As abandon_parked().
inline void abandon_rest(Scheduler& s, const Goroutine* but = nullptr) {
    Unstarted unstarted;
    Resumable resumable; // they are among those that abandon_parked() finds
    take_queued(s, unstarted, resumable);
    abandon(unstarted);
    abandon_parked(s, but);
}

/// A worker's thread ends, perhaps after the runtime, and with it the hope of a goroutine that has parked just now, or
/// was started. Or blocking code has ended whose goroutine will not go on. In an EngineRegion.
inline void abandon_late(Scheduler& s) {
    base::full_fence(); // partner: that in abandon_left(). What it looks for was written before
    if (!s.finished.load(std::memory_order_relaxed)) return;
    const base::UserCode visible;
    abandon_rest(s);
}

/// The end of the runtime: what is left is abandoned, and so is what parks, or is started, later. `but`: as above.
inline void abandon_left(Scheduler& s, const Goroutine* but) {
    s.finished.store(true, std::memory_order_relaxed);
    base::full_fence(); // partner: that in abandon_late(). Of the two, one sees what the other has written
    abandon_rest(s, but);
}

} // namespace gofer::inline v1::sched

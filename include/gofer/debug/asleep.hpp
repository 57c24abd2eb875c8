// All goroutines and threads that are asleep in the library, on stderr: the body of the report of a deadlock.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <gofer/sched/death.hpp>
#include <gofer/sched/plain_threads.hpp>
#include <gofer/sched/ready.hpp>

namespace gofer::inline v1::debug {

inline constexpr std::size_t most_shown = 100;

/// The parked goroutines of all runtimes that have not ended, oldest first.
inline std::vector<const task::Goroutine*> parked_goroutines() {
    std::vector<const task::Goroutine*> parked;
    task::stack_pools().for_each([&parked](const task::Goroutine& g) {
        if (g.state.load(std::memory_order_relaxed) != task::State::parked) return;
        if (!sched::home_of(&g)->stopped.load(std::memory_order_relaxed)) parked.push_back(&g);
    });
    std::sort(parked.begin(), parked.end(), [](auto* a, auto* b) { return a->id < b->id; });
    return parked;
}

/// Each goroutine with its name, its place and what it waits for; then the plain threads that are blocked.
inline void print_asleep() {
    base::EngineRegion engine;
    const auto parked = parked_goroutines();
    for (std::size_t i = 0; i < std::min(parked.size(), most_shown); ++i)
        base::say("  %s: %s\n", sched::Identity(*parked[i]).text,
                  task::describe(parked[i]->reason.load(std::memory_order_relaxed)));
    if (parked.size() > most_shown) base::say("  and %zu more goroutines\n", parked.size() - most_shown);
    std::size_t threads = 0;
    sched::PlainThreads::instance().for_each_blocked([&threads](const sched::PlainThreads::Blocked& b) {
        if (b.reason == task::WaitReason::inner_run || ++threads > most_shown) return;
        base::say("  thread %d: %s\n", static_cast<int>(b.tid), task::describe(b.reason));
    });
    if (threads > most_shown) base::say("  and %zu more threads\n", threads - most_shown);
}

} // namespace gofer::inline v1::debug

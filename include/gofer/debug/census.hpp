// What there is in the whole process at the moment: for tests that prove nothing leaked. Exact when nothing runs.
#pragma once

#include <cstddef>

#include <gofer/sched/monitor.hpp>
#include <gofer/task/goroutine.hpp>

namespace gofer::inline v1::debug {

struct Census {
    std::size_t goroutines = 0; // started or queued, in runtimes that have not ended
    std::size_t records = 0;    // spawn records: goroutines that have not started
    std::size_t stacks = 0;     // stacks that a goroutine lives on
    std::size_t timers = 0;     // armed timers
};

/// Linear in the number of stacks that were ever in use at once.
inline Census census() {
    base::EngineRegion engine;
    Census c;
    std::int64_t records = task::RecordDepot::instance().in_use.load(std::memory_order_relaxed);
    sched::Monitor::instance().for_each([&](sched::Scheduler& s) {
        c.goroutines += s.live();
        for (auto& w : s.workers) {
            records += w->records.in_use();
            c.timers += w->timers.size();
        }
    });
    c.records = records > 0 ? static_cast<std::size_t>(records) : 0;
    task::stack_pools().for_each([&](const task::Goroutine& g) {
        if (g.state.load(std::memory_order_relaxed) != task::State::vacant) ++c.stacks;
    });
    return c;
}

} // namespace gofer::inline v1::debug

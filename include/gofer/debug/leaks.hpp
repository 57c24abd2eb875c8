// The goroutines a runtime leaves behind, named on stderr. Called when its workers have ended.
#pragma once

#include <cstddef>

#include <gofer/sched/death.hpp>
#include <gofer/sched/scheduler.hpp>

namespace gofer::inline v1::debug {

/// Prints those of `s` that are parked, or ready with nobody to run them. Returns how many there are.
inline std::size_t name_left(sched::Scheduler& s) {
    std::size_t count = 0;
    constexpr std::size_t shown = 100;
    task::stack_pools().for_each([&](task::Goroutine& g) {
        const task::State state = g.state.load(std::memory_order_relaxed);
        if (g.home != &s || state == task::State::vacant || state == task::State::running) return;
        if (count++ == 0) base::say("gofer: run ended while goroutines were still there; they are leaked:\n");
        const auto reason = state == task::State::parked ? g.reason.load(std::memory_order_relaxed)
                                                         : task::WaitReason::none;
        if (count <= shown)
            base::say("  %s: %s\n", sched::Identity(g).text,
                      state == task::State::parked ? task::describe(reason) : "ready to run");
    });
    if (count > shown) base::say("  and %zu more\n", count - shown);
    return count;
}

} // namespace gofer::inline v1::debug

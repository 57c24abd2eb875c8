// The goroutines a runtime leaves behind, named on stderr. Called when its workers have ended.
#pragma once

#include <cstddef>

#include <gofer/debug/snapshot.hpp>
#include <gofer/sched/death.hpp>
#include <gofer/sched/scheduler.hpp>

namespace gofer::inline v1::debug {

/// Prints those of `s` that are parked, or ready with nobody to run them. Returns how many there are.
inline std::size_t name_left(sched::Scheduler& s) {
    std::size_t count = 0;
    constexpr std::size_t shown = 100;
    for_each_goroutine([&](const Snapshot& left, task::Goroutine& g) {
        if (left.home != &s || g.state.load(std::memory_order_relaxed) == task::State::running) return;
        if (count++ == 0) base::say("gofer: run ended while goroutines were still there; they are leaked:\n");
        if (count <= shown) {
            base::TextOf<1024> line;
            add_line(line, left);
            base::say("  %s\n", line.c_str());
        }
    });
    if (count > shown) base::say("  and %zu more\n", count - shown);
    return count;
}

} // namespace gofer::inline v1::debug

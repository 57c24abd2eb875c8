// All goroutines and threads that are asleep in the library, on stderr: the body of the report of a deadlock.
#pragma once

#include <cstddef>

#include <gofer/debug/dump.hpp>
#include <gofer/debug/lock_cycles.hpp>
#include <gofer/sched/plain_threads.hpp>

namespace gofer::inline v1::debug {

inline constexpr std::size_t most_shown = 100;

/// Goroutines that wait for each other in a ring, where that is known; each goroutine with its name, its place and what
/// it waits for, alike ones once; then the plain threads that are blocked. Those that wait for the end of a `run` are
/// its business alone.
inline void print_asleep() {
    const base::EngineRegion engine;
    const auto put = [](const base::Text& text) { put_to(STDERR_FILENO, text); };
    bool cycles = false;
    LockCycles().write([&](const base::Text& cycle) {
        put(cycle);
        cycles = true;
    });
    if (cycles) base::say("\n");
    Dump().write(Extent::lines, put, most_shown);
    base::TextOf<2048> text;
    std::size_t threads = 0;
    sched::PlainThreads::instance().for_each_blocked([&](const sched::PlainThreads::Blocked& b) {
        if (b.reason == task::WaitReason::inner_run || ++threads > most_shown / 4) return;
        text.add("  thread %d: %s\n", static_cast<int>(b.tid), task::describe(b.reason));
    });
    if (threads > most_shown / 4) text.add("  and %zu threads more\n", threads - most_shown / 4);
    put(text);
}

} // namespace gofer::inline v1::debug

// The work of two questions: what a goroutine costs that does nothing, and whether it costs more when there are more.
#pragma once

#include <cstddef>
#include <vector>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace bench {

/// Each left its mark in a byte of its own, which proves that it ran and that the wait was long enough.
inline void all_left_their_mark(const std::vector<char>& marks) {
    for (const char mark : marks) {
        check("whether a goroutine did its work", mark != 0, true);
    }
}

/// Starts so many that do nothing else, and waits for them.
inline Seconds spawn(int goroutines) {
    std::vector<char> marks(static_cast<std::size_t>(goroutines), 0);
    const auto start = Clock::now();
    world::WaitGroup ended;
    ended.add(goroutines);
    for (char& mark : marks) {
        world::go([&mark, &ended] {
            mark = 1;
            ended.done();
        });
    }
    ended.wait();
    const auto elapsed = since(start);
    all_left_their_mark(marks);
    return elapsed;
}

} // namespace bench

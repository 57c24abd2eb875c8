// Who made a goroutine ready, or started it: for the flight recorder (sched/recorder.hpp), and noted while that is on only.
#pragma once

#include <cstdint>

namespace gofer::inline v1::task {

struct Waker {
    enum class Kind : std::uint8_t { unknown, goroutine, timer, thread };

    Kind kind = Kind::unknown;
    std::uint32_t scheduler = 0; // of the worker that it was on, as is the next
    std::uint32_t worker = 0;
    std::uint64_t id = 0; // of the goroutine
    std::int64_t time = 0;
};

} // namespace gofer::inline v1::task

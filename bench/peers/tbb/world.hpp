// The world of oneTBB: tasks that fork and join, on so many threads. It has no channels, and its tasks do
// not park.
#pragma once

#include <cstddef>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <utility>

#include "bench/harness/sizes.hpp"

namespace world {

inline constexpr bench::Sizes sizes{};

using Group = tbb::task_group;

template <class F>
void run(unsigned workers, F f) {
    using tbb::global_control;
    const global_control only(global_control::max_allowed_parallelism, static_cast<std::size_t>(workers));
    tbb::task_arena arena(static_cast<int>(workers));
    arena.execute(std::move(f));
}

} // namespace world

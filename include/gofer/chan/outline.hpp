// What a channel of any type shows to reports.
#pragma once

#include <cstddef>

namespace gofer::inline v1::chan {

struct Outline {
    const std::size_t slots; // the capacity

    explicit Outline(std::size_t capacity) noexcept : slots(capacity) {}
};

} // namespace gofer::inline v1::chan

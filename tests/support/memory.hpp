// How much memory the process has allocated, to the byte: for proofs that work leaves nothing behind. A sanitizer's
// allocator does not say; then it is always zero.
#pragma once

#include <cstddef>
#include <malloc.h>

namespace fixture {

[[nodiscard]] inline std::size_t allocated_bytes() {
    return ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
}

/// Whether it grew by less than `bytes` since it was `before`.
[[nodiscard]] inline bool grew_less_than(std::size_t bytes, std::size_t before) {
    return allocated_bytes() < before + bytes;
}

} // namespace fixture

// Asks the processor for memory that is about to be written, so that it is in the cache by then.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gofer::inline v1::base {

/// Returns at once. No fault, whatever is there.
inline void prefetch(const void* from, std::size_t bytes) noexcept {
    constexpr std::size_t line = 64;
    const auto start = reinterpret_cast<std::uintptr_t>(from);
    for (std::size_t at = 0; at < bytes; at += line)
        __builtin_prefetch(reinterpret_cast<const void*>(start + at), 1);
}

} // namespace gofer::inline v1::base

// Ways to use up a stack.
#pragma once

#include <cstddef>

#include <gofer/base/sanitizer.hpp>

#include "../support/scenario.hpp"

namespace overflow {

/// Recursion without end, as far as the compiler can tell. Large frames, since TSan has a limit of 65,536 of its own.
[[gnu::noinline]] inline int recurse(int n) {
    volatile char frame[1000] = {};
    asm volatile("" : "+r"(n)::"memory");
    return n < 0 ? 0 : recurse(n + 1) + frame[7];
}

/// A local array of that many kilobytes, written to at its far end first. Sanitizer builds have larger stacks.
template <std::size_t kilobytes>
[[gnu::noinline]] int large_array() {
    volatile char array[kilobytes * 1024 * gofer::base::stack_scale];
    array[0] = 1;
    asm volatile("" ::"r"(array) : "memory");
    return array[0];
}

} // namespace overflow

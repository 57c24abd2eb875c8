// What a goroutine's stack holds of the machine's memory, and a way to go deep into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <vector>

#include <gofer/base/page.hpp>
#include <gofer/gofer.hpp>

namespace fixture {

/// The bounds of a stack, without its guard.
struct StackBounds {
    char* bottom{nullptr};
    char* top{nullptr};
};

/// The stack that `address`, a local's, lies on.
[[nodiscard]] inline StackBounds stack_of(const void* address) {
    const auto* place = static_cast<const char*>(address);
    StackBounds found;
    gofer::task::stack_pools().for_each([&](const gofer::task::Goroutine& g) {
        if (g.bottom <= place && place < g.top) found = {g.bottom, g.top};
    });
    return found;
}

/// Bytes of the stack that are in memory.
[[nodiscard]] inline std::size_t resident_bytes(StackBounds stack) {
    const std::size_t page = gofer::base::page_size();
    const auto size = static_cast<std::size_t>(stack.top - stack.bottom);
    std::vector<unsigned char> pages(size / page);
    if (::mincore(stack.bottom, size, pages.data()) != 0) return size;
    std::size_t resident = 0;
    for (const unsigned char p : pages) resident += (p & 1) * page;
    return resident;
}

/// Calls `at_the_bottom` when the stack below `from` is that many bytes deep, and comes back.
template <class F>
[[gnu::noinline]] int go_deep(const volatile char* from, std::size_t bytes, F& at_the_bottom) {
    volatile char frame[1000] = {};
    frame[500] = 1;
    if (static_cast<std::size_t>(from - frame) >= bytes)
        at_the_bottom();
    else
        frame[501] = static_cast<char>(go_deep(from, bytes, at_the_bottom));
    return frame[500];
}

inline void go_deep(std::size_t bytes) {
    const volatile char here = 0;
    auto nothing = [] {};
    go_deep(&here, bytes * gofer::base::stack_scale, nothing);
}

} // namespace fixture

// Where in the user's program something was started. File and line come from the compiler at the call where no
// further arguments follow; otherwise there is an address in the calling function, which debug information turns into a
// line.
#pragma once

#include <cstdint>

namespace gofer::inline v1::base {

struct Place {
    const char* file = nullptr; // null: `address` is what is known
    std::uint32_t line = 0;
    const void* address = nullptr;

    static constexpr Place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) noexcept {
        return {file, static_cast<std::uint32_t>(line), nullptr};
    }
    static constexpr Place at(const void* address) noexcept { return {nullptr, 0, address}; }
    /// Of the function whose code this is. Its callers up to the user's are always inlined, so that it is the user's:
    /// a return address would be the one of whatever function the call was inlined into.
    [[gnu::always_inline]] static Place of_this_call() noexcept {
        const void* address = nullptr;
#if defined(__x86_64__)
        asm volatile("leaq 0(%%rip), %0" : "=r"(address));
#elif defined(__aarch64__)
        asm volatile("adr %0, . + 4" : "=r"(address));
#else
        address = __builtin_return_address(0);
#endif
        return at(address);
    }
};

} // namespace gofer::inline v1::base

namespace gofer::inline v1 {
using base::Place;
}

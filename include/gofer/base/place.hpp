// Where in the user's program something was started. File and line come from the compiler at the call where no
// further arguments follow; otherwise there is a return address, which debug information turns into a line.
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
};

} // namespace gofer::inline v1::base

namespace gofer::inline v1 {
using base::Place;
}

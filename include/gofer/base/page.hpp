// Pages of memory. With x86-64 their size is known; elsewhere the kernel was built for one (4, 16 or 64 KB on AArch64).
#pragma once

#include <cstddef>
#include <cstdint>
#include <unistd.h>

namespace gofer::inline v1::base {

#if defined(__x86_64__)
constexpr std::size_t page_size() noexcept {
    return 4096;
}
#else
inline std::size_t page_size() noexcept {
    static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
}
#endif

/// The beginning of the page in which that lies.
inline std::uintptr_t page_begin(std::uintptr_t at) noexcept {
    return at / page_size() * page_size();
}
/// The first beginning of a page that is not below.
inline std::uintptr_t page_end(std::uintptr_t at) noexcept {
    return page_begin(at + page_size() - 1);
}

} // namespace gofer::inline v1::base

// File and line of an address, out of debug information, and the functions that were inlined there: by libbacktrace, which
// gcc brings along (Ian Lance Taylor's; mapped memory of its own, no heap). Only where the program is built with
// GOFER_BACKTRACE, everywhere or nowhere, and linked with -lbacktrace; the CMake option of that name does both. Else nothing
// is known here, and the reports make do with the symbol table.
#pragma once

#include <cstdint>

#include <gofer/debug/symbols.hpp>

#if defined(GOFER_BACKTRACE)
// Of backtrace.h, which stands among gcc's private headers, out of other compilers' sight.
struct backtrace_state;
extern "C" {
backtrace_state* backtrace_create_state(const char* program, int threaded, void (*failed)(void*, const char*, int), void*);
int backtrace_pcinfo(backtrace_state*, std::uintptr_t pc,
                     int (*found)(void*, std::uintptr_t pc, const char* file, int line, const char* function),
                     void (*failed)(void*, const char*, int), void*);
}
#endif

namespace gofer::inline v1::debug {

/// A function that an address lies in. The name is as the linker knows it, or as it is in the source; null: not known.
struct CodeLine {
    const char* function = nullptr;
    const char* file = nullptr; // null: not known
    int line = 0;
};

#if defined(GOFER_BACKTRACE)
/// Calls `visit(CodeLine)` for the innermost function first, until it returns false. False: there are no lines.
template <class Visit>
bool for_each_line(const void* address, Visit visit) {
    struct Search {
        Visit& visit;
        bool any = false;
    } search{visit};
    const auto failed = [](void*, const char*, int) {};
    [[maybe_unused]] static backtrace_state* const state = backtrace_create_state(nullptr, 1, failed, nullptr);
    if (!state) return false;
    const auto found = [](void* argument, std::uintptr_t, const char* file, int line, const char* function) -> int {
        auto& s = *static_cast<Search*>(argument);
        if (!file) return 0;
        s.any = true;
        return s.visit(CodeLine{function, file, line}) ? 0 : 1;
    };
    backtrace_pcinfo(state, reinterpret_cast<std::uintptr_t>(address), found, failed, &search);
    return search.any;
}
#else
template <class Visit>
bool for_each_line(const void*, Visit) noexcept {
    return false;
}
#endif

/// The functions that an address lies in, innermost first, by what there is: lines, else one entry from the symbol table.
/// `symbol` is that of the address.
template <class Visit>
void for_each_function(const void* address, const Symbol& symbol, Visit visit) {
    const bool known = for_each_line(address, [&](CodeLine code) {
        if (!code.function) code.function = symbol.name;
        return visit(code);
    });
    if (!known) visit(CodeLine{symbol.name, nullptr, 0});
}

} // namespace gofer::inline v1::debug

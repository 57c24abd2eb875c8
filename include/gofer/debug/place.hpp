// Addresses and places in words: file and line where they are known, else the function, else the number.
#pragma once

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>

#include <gofer/base/place.hpp>
#include <gofer/base/text.hpp>
#include <gofer/debug/lines.hpp>
#include <gofer/debug/symbols.hpp>
#include <gofer/sched/this_worker.hpp>

namespace gofer::inline v1::debug {

/// Where a report is made. In a handler nothing may be allocated: the thread may hold the heap's lock.
enum class Within : bool { a_call, a_handler };

/// `_ZN3app6Worker3runEv` as `app::Worker::run`. Names with anything but plain components stay as they are.
inline void add_plain_name(base::Text& text, const char* name) noexcept {
    const char* at = name;
    bool nested = false;
    if (std::strncmp(at, "_Z", 2) == 0) at += 2;
    if (at != name && *at == 'N') nested = true, ++at;
    while (nested && std::strchr("rVKRO", *at) && *at) ++at;
    if (at == name || !std::isdigit(static_cast<unsigned char>(*at))) return text.add("%s", name);
    const char* const first = at;
    for (int pass = 0; pass < 2; ++pass) { // the first one only looks
        at = first;
        while (std::isdigit(static_cast<unsigned char>(*at))) {
            char* part = nullptr;
            const unsigned long length = std::strtoul(at, &part, 10);
            if (length > std::strlen(part)) return text.add("%s", name);
            if (pass) text.add("%s%.*s", at == first ? "" : "::", static_cast<int>(length), part);
            at = part + length;
            if (!nested) break;
        }
        if (!pass && nested && *at != 'E') return text.add("%s", name);
    }
}

/// As one would write it: without inline namespaces and default arguments. Without the marks of compiler-made clones,
/// and very long ones cut off.
inline void add_as_written(base::Text& text, const char* name) noexcept {
    struct Form {
        const char *demangled, *written;
    };
    constexpr Form forms[] = {
        {"gofer::v1::", "gofer::"},
        {"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string"},
        {" [clone ", nullptr},
    };
    constexpr std::size_t most = 400;
    const std::size_t begun = text.length();
    for (; *name && text.length() - begun < most; ++name) {
        const Form* found = nullptr;
        for (const Form& form : forms)
            if (std::strncmp(name, form.demangled, std::strlen(form.demangled)) == 0) found = &form;
        if (!found) {
            text.add("%c", *name);
            continue;
        }
        if (!found->written) return;
        text.add("%s", found->written);
        name += std::strlen(found->demangled) - 1;
    }
    if (*name) text.add("...");
}

/// Whether the calling goroutine's stack has room for the demangler, whose frames grow with the name: it needs some 70
/// bytes for each character before it writes.
inline bool has_room_to_demangle(const char* name) noexcept {
    const task::Goroutine* g = sched::this_goroutine_record();
    const auto* here = static_cast<const char*>(__builtin_frame_address(0));
    return !g || here - g->bottom > static_cast<std::ptrdiff_t>(16 * 1024 + 160 * std::strlen(name));
}

/// As the compiler's messages have it, however long. On a small stack as the linker has it.
inline void add_whole_name(base::Text& text, const char* name) noexcept {
    int status = -1;
    char* demangled = has_room_to_demangle(name) ? abi::__cxa_demangle(name, nullptr, nullptr, &status) : nullptr;
    text.add("%s", status == 0 && demangled ? demangled : name);
    std::free(demangled);
}

inline void add_function(base::Text& text, const char* name, Within within) noexcept {
    if (within == Within::a_handler || !has_room_to_demangle(name)) return add_plain_name(text, name);
    base::TextOf<2048> whole;
    add_whole_name(whole, name);
    add_as_written(text, whole.c_str());
}

/// The part of an address that a call returns to which belongs to the call: what follows may be the next function's.
inline const void* call_at(const void* address) noexcept { return static_cast<const char*>(address) - 1; }

/// What the library, and std::invoke on its behalf, has on a goroutine's stack between the user's functions.
inline bool is_engine(const char* name) noexcept {
    const auto begins = [&](const char* with) { return std::strncmp(name, with, std::strlen(with)) == 0; };
    for (const char* helper :
         {"_ZSt13__invoke_impl", "_ZSt8__invoke", "_ZSt6invoke", "_ZSt12__apply_impl", "_ZSt5apply", "_ZNSt5_Bind",
          "_ZSt10__invoke_r", "gofer_v1_", "__cxa_", "_Unwind_"})
        if (begins(helper)) return true;
    if (!begins("_Z")) return false;
    name += 2;
    while (*name && std::strchr("ZNrVKRO", *name)) ++name; // local to a function, nested, qualified
    return begins("5gofer2v1");
}

/// The same by file, for functions that were inlined, whose names debug information has in short.
inline bool is_engine_file(const char* file) noexcept {
    const auto has = [&](const char* part) { return std::strstr(file, part) != nullptr; };
    if (has("/bits/invoke.h") || (has("/c++/") && (has("/functional") || has("/tuple")))) return true;
    const std::size_t length = std::strlen(file);
    if (length < 4 || std::strcmp(file + length - 4, ".hpp") != 0) return false;
    for (const char* part :
         {"gofer/base/", "gofer/fiber/", "gofer/task/", "gofer/sched/", "gofer/wait/", "gofer/sync/", "gofer/chan/", "gofer/time/",
          "gofer/context/", "gofer/group/", "gofer/debug/", "gofer/go.hpp", "gofer/runtime.hpp", "gofer/blocking.hpp"})
        if (has(part)) return true;
    return false;
}
inline bool is_engine(const CodeLine& code) noexcept {
    return (code.function && is_engine(code.function)) || (code.file && is_engine_file(code.file));
}

/// `main.cpp:12`, where that is known.
inline bool add_line_of(base::Text& text, const Place& place, Within within) noexcept {
    CodeLine users{nullptr, place.file, static_cast<int>(place.line)};
    if (!place.file && within == Within::a_call)
        static_cast<void>(for_each_line(call_at(place.address), [&](const CodeLine& code) {
            users = code;
            return is_engine(code);
        }));
    if (users.file) text.add("%s:%d", users.file, users.line);
    return users.file != nullptr;
}

inline void add_place(base::Text& text, const Place& place, Within within = Within::a_call) noexcept {
    if (add_line_of(text, place, within)) return;
    const Symbol symbol = Symbols::instance().find(call_at(place.address));
    if (symbol.name) return add_function(text, symbol.name, within);
    text.add("%p", place.address);
}

} // namespace gofer::inline v1::debug

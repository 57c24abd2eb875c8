// Addresses and places in words: file and line where they are known, else the function, else the number.
#pragma once

#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>

#include <gofer/base/place.hpp>
#include <gofer/base/text.hpp>
#include <gofer/debug/symbols.hpp>

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

/// Without the inline namespace, which nobody writes, and the marks of compiler-made clones; very long ones cut off.
inline void add_without_version(base::Text& text, const char* name) noexcept {
    constexpr const char versioned[] = "gofer::v1::";
    constexpr int most = 400;
    const char* clone = std::strstr(name, " [clone ");
    const char* end = clone ? clone : name + std::strlen(name);
    const bool too_long = end - name > most;
    if (too_long) end = name + most;
    for (const char* at; (at = std::strstr(name, versioned)) && at < end; name = at + sizeof versioned - 1)
        text.add("%.*sgofer::", static_cast<int>(at - name), name);
    if (name < end) text.add("%.*s", static_cast<int>(end - name), name);
    if (too_long) text.add("...");
}

/// As the compiler's messages have it, however long.
inline void add_whole_name(base::Text& text, const char* name) noexcept {
    int status = -1;
    char* demangled = abi::__cxa_demangle(name, nullptr, nullptr, &status);
    text.add("%s", status == 0 && demangled ? demangled : name);
    std::free(demangled);
}

inline void add_function(base::Text& text, const char* name, Within within) noexcept {
    if (within == Within::a_handler) return add_plain_name(text, name);
    base::TextOf<2048> whole;
    add_whole_name(whole, name);
    add_without_version(text, whole.c_str());
}

inline void add_place(base::Text& text, const Place& place, Within within = Within::a_call) noexcept {
    if (place.file) return text.add("%s:%u", place.file, place.line);
    // One byte back: what follows a call may belong to the next function.
    const Symbol symbol = Symbols::instance().find(static_cast<const char*>(place.address) - 1);
    if (symbol.name) return add_function(text, symbol.name, within);
    text.add("%p", place.address);
}

} // namespace gofer::inline v1::debug

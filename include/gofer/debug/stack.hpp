// A stack in words: function and place of each frame as in Go's reports, without the library's own innards.
#pragma once

#include <cstddef>
#include <cstring>

#include <gofer/debug/place.hpp>
#include <gofer/fiber/frames.hpp>

namespace gofer::inline v1::debug {

/// What the library, and std::invoke on its behalf, has on a goroutine's stack between the user's functions.
inline bool is_engine(const char* name) noexcept {
    const auto begins = [&](const char* with) { return std::strncmp(name, with, std::strlen(with)) == 0; };
    for (const char* helper : {"_ZSt13__invoke_impl", "_ZSt8__invoke", "_ZSt6invoke", "_ZSt12__apply_impl", "_ZSt5apply",
                               "_ZNSt5_Bind", "_ZSt10__invoke_r", "gofer_v1_"})
        if (begins(helper)) return true;
    if (!begins("_Z")) return false;
    name += 2;
    while (*name && std::strchr("ZNrVKRO", *name)) ++name; // local to a function, nested, qualified
    return begins("5gofer2v1");
}

/// In an optimized build the goroutine's function may lie inside of the library's frame that calls it, whose name says
/// so: `..Bound<app::main()::{lambda()#1}>..` as `app::main()::{lambda()#1}`.
inline bool add_bound_function(base::Text& text, const char* name) noexcept {
    base::TextOf<2048> whole;
    add_function(whole, name, Within::a_call);
    const char* begin = std::strstr(whole.c_str(), "task::Bound<");
    if (!begin || !std::strstr(whole.c_str(), ">::perform(")) return false;
    begin += std::strlen("task::Bound<");
    int depth = 1;
    const char* end = begin;
    for (; *end && depth > 0; ++end) {
        if (*end == '<') ++depth;
        if (*end == '>' && end[-1] != '-') --depth;
    }
    if (depth > 0) return false;
    text.add("%.*s", static_cast<int>(end - 1 - begin), begin);
    return true;
}

/// Where an address lies, for who has no lines: file and offset, as addr2line takes them.
inline void add_offset(base::Text& text, const Symbol& symbol) noexcept {
    text.add("%s +0x%llx", symbol.module && *symbol.module ? symbol.module : "(program)",
             static_cast<unsigned long long>(symbol.offset));
}

/// One frame in two lines. `put(text)` for each; the text is used again.
template <class Put>
void put_frame(base::Text& text, const Symbol& symbol, bool is_bound, Put put) {
    if (!is_bound && symbol.name) add_function(text, symbol.name, Within::a_call);
    if (!symbol.name) text.add("%s", "??");
    text.add("\n");
    put(text);
    text.add("\t");
    add_offset(text, symbol);
    text.add("\n");
    put(text);
}

/// All frames but the library's own.
template <class Put>
void put_frames(const fiber::Frames& frames, Put put) {
    base::TextOf<1024> text;
    bool any = false;
    for (unsigned i = 0; i < frames.count; ++i) {
        const Symbol symbol = Symbols::instance().find(static_cast<const char*>(frames.at[i]) - 1);
        if (symbol.name && is_engine(symbol.name)) {
            if (any || !add_bound_function(text, symbol.name)) continue;
            put_frame(text, symbol, true, put);
        } else {
            put_frame(text, symbol, false, put);
        }
        any = true;
    }
    if (frames.full()) {
        text.add("...further frames\n");
        put(text);
    }
}

} // namespace gofer::inline v1::debug

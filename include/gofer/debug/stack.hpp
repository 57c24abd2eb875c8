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
                               "_ZNSt5_Bind", "_ZSt10__invoke_r", "gofer_v1_", "__cxa_", "_Unwind_"})
        if (begins(helper)) return true;
    if (!begins("_Z")) return false;
    name += 2;
    while (*name && std::strchr("ZNrVKRO", *name)) ++name; // local to a function, nested, qualified
    return begins("5gofer2v1");
}

/// In an optimized build the goroutine's function may lie inside of the library's frame that calls it, whose name says
/// so: `..Bound<app::main()::{lambda()#1}>..` as `app::main()::{lambda()#1}`. Unless it is `last`, which has a frame.
inline bool add_bound_function(base::Text& text, const char* name, const char* last) noexcept {
    if (std::strncmp(name, "_ZN5gofer2v14task6TaskOfI", 25) != 0 || !std::strstr(name, "7performEPNS1_4Task")) return false;
    base::TextOf<2048> whole;
    add_whole_name(whole, name);
    const char* begin = nullptr;
    for (const char* holder : {"task::Bound<", "Runtime::run_at<"})
        if (!begin && (begin = std::strstr(whole.c_str(), holder))) begin += std::strlen(holder);
    if (!begin) return false;
    int depth = 1;
    const char* end = begin;
    for (; *end && depth > 0; ++end) {
        if (*end == '<') ++depth;
        if (*end == '>' && end[-1] != '-') --depth;
    }
    const auto length = static_cast<std::size_t>(end - begin - 1);
    if (depth > 0 || end[-2] == ')' || std::strncmp(begin, last, length) == 0) return false; // ..(*)(..) is a type only
    text.add("%.*s", static_cast<int>(length), begin);
    return true;
}

/// Where an address lies, for who has no lines: file and offset, as addr2line takes them.
inline void add_offset(base::Text& text, const Symbol& symbol) noexcept {
    text.add("%s +0x%llx", symbol.module && *symbol.module ? symbol.module : "(program)",
             static_cast<unsigned long long>(symbol.offset));
}

/// All frames but the library's own, two lines each; a run of the same frame once. `put(const base::Text&)` for each.
template <class Put>
void put_frames(const fiber::Frames& frames, Put put, Within within = Within::a_call) {
    base::TextOf<1024> text;
    base::TextOf<512> function;
    const void* last = nullptr;
    unsigned again = 0;
    const auto flush = [&] {
        if (text.length()) put(text);
        text.clear();
    };
    const auto end_of_run = [&] {
        if (again) text.add("...%u more of the last\n", again);
        again = 0;
        flush();
    };
    for (unsigned i = 0; i < frames.count; ++i) {
        if (frames.at[i] == last) {
            ++again;
            continue;
        }
        end_of_run();
        const Symbol symbol = Symbols::instance().find(static_cast<const char*>(frames.at[i]) - 1);
        if (symbol.name && is_engine(symbol.name)) {
            if (within == Within::a_handler || !add_bound_function(text, symbol.name, function.c_str())) continue;
        } else {
            function.clear();
            symbol.name ? add_function(function, symbol.name, within) : function.add("??");
            text.add("%s", function.c_str());
        }
        text.add("\n\t");
        add_offset(text, symbol);
        text.add("\n");
        flush();
        last = frames.at[i];
    }
    end_of_run();
    if (frames.full()) text.add("...further frames\n");
    flush();
}

} // namespace gofer::inline v1::debug

// A stack in words: function and place of each frame as in Go's reports, without the library's own innards.
#pragma once

#include <cstddef>
#include <cstring>

#include <gofer/debug/place.hpp>
#include <gofer/fiber/frames.hpp>

namespace gofer::inline v1::debug {

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

/// Writes a stack, all frames but the library's own, two lines each; a run of the same frame once.
/// `put(const base::Text&)` for each.
template <class Put>
class StackWriter {
public:
    StackWriter(Put put, Within within) noexcept : put_(put), within_(within) {}

    void write(const fiber::Frames& frames) {
        const void* last = nullptr;
        unsigned again = 0;
        for (unsigned i = 0; i < frames.count; ++i) {
            const bool same = frames.at[i] == last;
            if (again && !same) text_.add("...%u more of the last\n", again);
            again = same ? again + 1 : 0;
            if (same) continue;
            last = frames.at[i];
            frame(last);
        }
        if (again) text_.add("...%u more of the last\n", again);
        if (frames.full()) text_.add("...further frames\n");
        flush();
    }

private:
    void frame(const void* address) {
        const Symbol symbol = Symbols::instance().find(call_at(address));
        if (within_ == Within::a_handler) return function({symbol.name, nullptr, 0}, symbol);
        for_each_function(call_at(address), symbol, [&](const CodeLine& code) {
            function(code, symbol);
            return true;
        });
    }

    void function(const CodeLine& code, const Symbol& symbol) {
        if (is_engine(code)) {
            if (code.file || !code.function || within_ == Within::a_handler ||
                !add_bound_function(text_, code.function, last_.c_str())) return;
            return place({}, symbol);
        }
        last_.clear();
        code.function ? add_function(last_, code.function, within_) : last_.add("??");
        text_.add("%s", last_.c_str());
        place(code, symbol);
    }

    void place(const CodeLine& code, const Symbol& symbol) {
        text_.add("\n\t");
        code.file ? text_.add("%s:%d", code.file, code.line) : add_offset(text_, symbol);
        text_.add("\n");
        flush();
    }
    void flush() {
        if (text_.length()) put_(text_);
        text_.clear();
    }

    Put put_;
    Within within_;
    base::TextOf<1024> text_;
    base::TextOf<512> last_; // the function that was written last
};

template <class Put>
void put_frames(const fiber::Frames& frames, Put put, Within within = Within::a_call) {
    StackWriter<Put>(put, within).write(frames);
}

} // namespace gofer::inline v1::debug

// The report of goroutines that nobody can wake any more (orphans.hpp), in the layout of the dump: alike ones once, each with
// what proves it.
#pragma once

#include <cstddef>
#include <ostream>

#include <gofer/debug/dump.hpp>
#include <gofer/debug/orphans.hpp>

namespace gofer::inline v1 {
namespace debug {

/// `no one else knows that channel`, in the words that fit.
inline void add_proof(base::Text& text, const Snapshot& s, const Orphan& o) noexcept {
    using enum task::WaitReason;
    if (s.reason == nil_receive || s.reason == nil_send || s.reason == empty_select)
        return text.add("leaked: nothing can ever end that");
    text.add("leaked: no one else has a pointer to %s", s.reason == select ? "any of these" : "it");
    if (o.companions == 0) return;
    text.add(" but goroutine%s", o.companions == 1 ? "" : "s");
    for (unsigned i = 0; i < std::min(o.companions, Orphan::companions_named); ++i)
        text.add("%s %llu", i ? "," : "", static_cast<unsigned long long>(o.companion[i]));
    if (o.companions > Orphan::companions_named) text.add(" and others");
    text.add(", leaked as well");
}

class LeakReport {
public:
    explicit LeakReport(const Findings& findings) : findings_(findings) {
        if (findings.orphans.empty()) return;
        for_each_goroutine(
            [this](const Snapshot& s, const task::Goroutine& g, bool held) {
                if (held && s.parked() && findings_.find(s.id)) groups_.add(s, g, held);
            },
            [](const Snapshot&, const task::Goroutine&) {});
        groups_.sort(0);
    }

    /// `put(const base::Text&)` for each piece.
    template <class Put>
    void write(Put put) {
        base::TextOf<2048> text;
        const auto flush = [&](base::Text& t) {
            put(t);
            t.clear();
        };
        for (const Group& group : groups_) {
            add_head(text, group);
            flush(text);
            put_frames(group.stack.frames, flush);
            add_birth(text, group.first.place);
            flush(text);
        }
        if (groups_.left_out()) text.add("and %zu more\n", groups_.left_out());
        flush(text);
    }

private:
    void add_head(base::Text& text, const Group& group) const noexcept {
        const Snapshot& s = group.first;
        text.add("goroutine %llu [%s, leaked]:\n  ", static_cast<unsigned long long>(s.id),
                 state_in_go(s.reason));
        if (s.name[0]) text.add("\"%s\": ", s.name);
        add_activity(text, s);
        text.add("\n  ");
        if (const Orphan* o = findings_.find(s.id)) add_proof(text, s, *o);
        if (group.count > 1) text.add("\n  and %zu more like it", group.count - 1);
        text.add("\n");
    }

    const Findings& findings_;
    Groups groups_;
};

} // namespace debug

/// Looks for goroutines that are leaked though the program goes on: parked where nobody can wake them any more, since no one
/// but goroutines in the same plight has a pointer to the channel, the Future or the WaitGroup (or Mutex and so on, on a
/// goroutine's stack) they wait on. Writes each with what it waits for, the proof, its stack and where it was started; alike
/// ones once. Returns how many there are.
///
/// None that is written could still be woken, unless by a pointer that is kept outside of memory or encoded (in a pipe, another
/// process, xor'ed: debug/orphans.hpp); some that are leaked may be missed, where an old value in memory looks like a
/// pointer to them, or a handle lies in the heap. Any thread. All others stand still meanwhile, for some milliseconds and up to
/// two seconds for each gigabyte in use. Linux must allow ptrace of the process by itself and no debugger may be attached; else 0,
/// and the report says so.
[[gnu::noinline, gnu::cold]] inline std::size_t find_leaked_goroutines(std::ostream& out) {
    const debug::Findings findings = debug::find_orphans();
    if (!findings.judged)
        out << "gofer: cannot look for leaked goroutines: the threads of this process could not be stopped, "
               "or its memory not "
               "be read (ptrace is not allowed, a debugger is attached, or io_uring is in use)\n";
    debug::LeakReport(findings).write([&out](const base::Text& text) {
        out.write(text.c_str(), static_cast<std::streamsize>(text.length()));
    });
    out.flush();
    return findings.orphans.size();
}

} // namespace gofer::inline v1

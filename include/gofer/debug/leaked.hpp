// The report of goroutines that nobody can wake any more (orphans.hpp), in the layout of the dump: alike ones once, each
// with what proves it.
#pragma once

#include <cstddef>
#include <ostream>

#include <gofer/base/separate.hpp>
#include <gofer/debug/dump.hpp>
#include <gofer/debug/orphans.hpp>
#include <gofer/dump.hpp>

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

#if GOFER_WITH_BODIES
[[gnu::noinline, gnu::cold]] GOFER_SEPARABLE std::size_t find_leaked_goroutines(std::ostream& out) {
    const debug::Findings findings = debug::find_orphans();
    if (findings.obstacle) out << "gofer: cannot look for leaked goroutines: " << findings.obstacle << '\n';
    debug::LeakReport(findings).write([&out](const base::Text& text) { debug::put_to(out, text); });
    out.flush();
    return findings.orphans.size();
}
#endif

} // namespace gofer::inline v1

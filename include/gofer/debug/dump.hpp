// The dump of all goroutines, in the layout of Go's: a header with the state, then frames, then where it was started;
// those that are alike once, with a count.
//
// First everything is collected, while goroutines are held a few at a time (snapshot.hpp), into memory of its own; then it
// is written, with nothing held. So the writing may block, allocate, and park.
#pragma once

#include <cstdint>
#include <ostream>
#include <unistd.h>

#include <gofer/base/separate.hpp>
#include <gofer/debug/groups.hpp>
#include <gofer/debug/probe.hpp>
#include <gofer/debug/stack.hpp>
#include <gofer/debug/threads.hpp>
#include <gofer/sched/this_worker.hpp>

namespace gofer::inline v1 {
namespace debug {

/// The state in Go's words, which tools know.
constexpr const char* state_in_go(task::WaitReason reason) noexcept {
    using enum task::WaitReason;
    switch (reason) {
    case receive:
    case tick: return "chan receive";
    case send: return "chan send";
    case nil_receive: return "chan receive (nil chan)";
    case nil_send: return "chan send (nil chan)";
    case wait_group: return "sync.WaitGroup.Wait";
    case mutex: return "sync.Mutex.Lock";
    case read_lock: return "sync.RWMutex.RLock";
    case write_lock: return "sync.RWMutex.Lock";
    case cond: return "sync.Cond.Wait";
    case once: return "sync.Once.Do";
    case semaphore: return "semacquire";
    case barrier: return "barrier";
    case future: return "future";
    case err_group: return "errgroup limit";
    case blocking: return "syscall";
    default: return task::describe(reason);
    }
}

/// How much a report says.
enum class Extent : bool {
    lines, ///< one line for each kind of goroutine
    stacks ///< Go's layout
};

/// Who runs here, as values; false outside of goroutines.
inline bool take_own_snapshot(Snapshot& s) noexcept {
    task::Goroutine* self = sched::this_identity();
    return self && take_snapshot(s, *self, false, base::now_ns());
}

inline void add_birth(base::Text& text, const Place& place, Within within = Within::a_call) noexcept {
    base::TextOf<512> line;
    if (add_line_of(line, place, within)) return text.add("created by gofer::go\n\t%s\n\n", line.c_str());
    text.add("created by ");
    add_place(text, place, within);
    text.add("\n\t");
    add_offset(text, Symbols::instance().find(call_at(place.address)));
    text.add("\n\n");
}

class Dump {
public:
    /// Looks at every goroutine there is. `patience_ns` is for locks that may never come free when an error is reported.
    explicit Dump(std::int64_t patience_ns = 1'000'000'000) : threads_(patience_ns) {
        if (const task::Goroutine* self = sched::this_goroutine_record()) {
            own_id_ = self->id;
            fiber::walk_own(own_, 1);
        }
        for_each_goroutine(
            [this](Snapshot& s, task::Goroutine& g, bool held) {
                s.abandoned = !threads_.count_seen(s.home);
                const bool somewhere = s.abandoned || !threads_.complete() || threads_.find(s.worker);
                if (s.doing == Doing::running && s.id != own_id_ && !somewhere) return; // it begins or ends just now
                groups_.add(s, g, held);
            },
            [](const Snapshot&, task::Goroutine&) {}, patience_ns);
        groups_.sort(own_id_);
    }

    /// Adds the stacks of those that run on other threads, as far as these answer within some milliseconds.
    void ask_running(std::int64_t patience_ns = 1'000'000'000) noexcept {
        Probes& probes = Probes::instance();
        if (!probes.ask(patience_ns)) return;
        for (Group& group : groups_) {
            if (group.first.doing != Doing::running || group.first.id == own_id_) continue;
            if (const fiber::Frames* frames = probes.find(group.first.id)) group.stack.frames = *frames;
        }
        probes.done();
    }

    /// `put(const base::Text&)` for each piece.
    template <class Put>
    void write(Extent extent, Put put, std::size_t most = SIZE_MAX) {
        base::TextOf<2048> text;
        const auto flush = [&] {
            put(text);
            text.clear();
        };
        std::size_t left_out = groups_.left_out();
        for (const Group& group : groups_) {
            if (most == 0) {
                left_out += group.count;
                continue;
            }
            --most;
            extent == Extent::lines ? add_in_a_line(text, group) : add_in_full(text, group);
            flush();
            if (extent == Extent::lines) continue;
            put_frames(group.first.id == own_id_ ? own_ : group.stack.frames, [&](base::Text& t) {
                put(t);
                t.clear();
            });
            add_birth(text, group.first.place);
            flush();
        }
        if (left_out) text.add("and %zu goroutines more\n", left_out);
        if (const auto n = threads_.not_started())
            text.add("%llu goroutine%s not started yet\n", static_cast<unsigned long long>(n), n == 1 ? " has" : "s have");
        flush();
    }

    bool empty() const noexcept { return groups_.size() == 0; }

private:
    void add_in_full(base::Text& text, const Group& group) const noexcept {
        const Snapshot& s = group.first;
        text.add("goroutine %llu [%s", static_cast<unsigned long long>(s.id),
                 s.parked() ? state_in_go(s.reason) : s.doing == Doing::running ? "running" : "runnable");
        if (const std::int64_t minutes = group.longest_ns / 60'000'000'000)
            text.add(", %lld minutes", static_cast<long long>(minutes));
        if (s.pinned) text.add(", locked to thread");
        text.add("]:\n  ");
        if (s.name[0]) text.add("\"%s\": ", s.name);
        add_activity(text, s);
        add_circumstances(text, group);
        text.add("\n");
    }

    void add_in_a_line(base::Text& text, const Group& group) const noexcept {
        text.add("  ");
        add_identity(text, group.first);
        text.add(": ");
        add_activity(text, group.first);
        add_circumstances(text, group);
        text.add("\n");
    }

    /// Since when, on which thread, and how many more there are like it.
    void add_circumstances(base::Text& text, const Group& group) const noexcept {
        const Snapshot& s = group.first;
        if (const auto* thread = s.doing == Doing::running ? threads_.find(s.worker) : nullptr)
            text.add(" on worker %u, thread %d", thread->index, static_cast<int>(thread->tid));
        if (group.longest_ns >= 1'000'000'000) {
            text.add(", for ");
            if (group.shortest_ns < group.longest_ns / 2) text.add("up to ");
            text.add_duration(group.longest_ns);
        }
        if (s.abandoned) text.add(", abandoned: its runtime has ended");
        if (group.count == 1) return;
        text.add("\n  and %zu more like it%s: goroutines", group.count - 1, group.one_object ? "" : ", not all on the same");
        for (std::size_t i = 0; i < group.count - 1 && i < Group::ids_kept; ++i)
            text.add("%s%llu", i ? ", " : " ", static_cast<unsigned long long>(group.ids[i]));
        if (group.count - 1 > Group::ids_kept) text.add(", ...");
    }

    Threads threads_;
    Groups groups_;
    fiber::Frames own_;
    std::uint64_t own_id_ = 0;
};

/// To a file descriptor.
inline void put_to(int file, const base::Text& text) noexcept {
    static_cast<void>(base::write_all(file, text.c_str(), text.length()));
}
inline void put_to(std::ostream& out, const base::Text& text) {
    out.write(text.c_str(), static_cast<std::streamsize>(text.length()));
}

} // namespace debug

#if GOFER_WITH_BODIES
GOFER_SEPARABLE void dump_goroutines(std::ostream& out) {
    debug::Dump dump;
    dump.ask_running();
    dump.write(debug::Extent::stacks, [&out](const base::Text& text) { debug::put_to(out, text); });
    out.flush();
}
#endif

} // namespace gofer::inline v1

// One goroutine as values: who it is, what it does, what it waits for and since when. Taken while the goroutine is held
// where it is (fiber/hold.hpp), or at a glance where it runs; used when it goes on again.
//
// No lock that could be held by whoever reports an error, and no allocation: fit for a signal handler.
#pragma once

#include <algorithm>
#include <cstring>

#include <gofer/debug/inspector.hpp>
#include <gofer/debug/mapped.hpp>
#include <gofer/debug/place.hpp>
#include <gofer/fiber/hold.hpp>
#include <gofer/sched/loop.hpp>

namespace gofer::inline v1::debug {

enum class Doing : std::uint8_t {
    nothing, ///< there is no goroutine here, or it has just ended
    running, ///< or about to be
    parked,
    runnable, ///< woken, and in a queue
};

struct Snapshot {
    std::uint64_t id = 0;
    Doing doing = Doing::nothing;
    task::WaitReason reason = task::WaitReason::none; // while parked, as is the next
    const void* waits_on = nullptr;
    std::int64_t parked_ns = 0; // at least so long, as far as that was noticed (fiber/trim.hpp); 0: not known
    Place place;
    const void* home = nullptr;
    const void* worker = nullptr;
    bool pinned = false;
    bool abandoned = false; // left to the reader of the registry
    char name[64] = {};
    char waits[128] = {}; // what it waits for

    bool parked() const noexcept { return doing == Doing::parked; }
};

/// Tries for a moment only: the goroutine may have the lock, and be the one that reports.
inline void copy_name(task::Goroutine& g, char* to, std::size_t size) noexcept {
    if (!g.extras_lock.try_lock(50)) return;
    if (g.extras) {
        const std::size_t length = std::min(g.extras->name.size(), size - 1);
        std::memcpy(to, g.extras->name.data(), length);
        to[length] = '\0';
    }
    g.extras_lock.unlock();
}

inline Doing doing_of(const task::Goroutine& g, bool held) noexcept {
    switch (g.state.load(std::memory_order_acquire)) {
    case task::State::vacant: return Doing::nothing;
    case task::State::running: return held ? Doing::runnable : Doing::running;
    case task::State::parked: return Doing::parked;
    case task::State::runnable: return Doing::runnable;
    }
    return Doing::nothing;
}

/// `held`: by a fiber::Hold. False: no one lives on that stack.
inline bool take_snapshot(Snapshot& s, task::Goroutine& g, bool held, std::int64_t now) noexcept {
    const base::EngineRegion engine;
    s = {};
    s.doing = doing_of(g, held);
    if (s.doing == Doing::nothing) return false;
    s.id = g.id;
    s.place = g.place();
    s.home = g.home;
    s.worker = g.worker;
    s.pinned = g.pins > 0;
    copy_name(g, s.name, sizeof s.name);
    s.reason = s.parked() ? g.reason.load(std::memory_order_relaxed) : task::WaitReason::none;
    if (!held) return doing_of(g, held) != Doing::nothing && g.id == s.id;
    if (s.parked()) {
        s.waits_on = g.waits_on;
        base::Text waits(s.waits, sizeof s.waits);
        Inspector::describe(waits, g, now);
        s.doing = doing_of(g, held);
    }
    if (g.suspensions.load(std::memory_order_relaxed) == g.seen_suspensions && g.seen_at && now > g.seen_at)
        s.parked_ns = now - g.seen_at;
    return true;
}

/// What it waits for, or that it does not.
inline void add_activity(base::Text& text, const Snapshot& s) noexcept {
    if (s.doing == Doing::running) return text.add("running");
    if (s.doing == Doing::runnable) return text.add("ready to run");
    text.add("%s", s.waits[0] ? s.waits : task::describe(s.reason));
}

/// `goroutine 7 "reader", started at main.cpp:12`
inline void add_identity(base::Text& text, const Snapshot& s) noexcept {
    sched::add_who(text, s.id, s.name);
    text.add(", started at ");
    add_place(text, s.place);
}

/// In one line: `goroutine 7 "reader", started at main.cpp:12: receive on channel 0x5581e0 (unbuffered, 0 senders
/// waiting), for 12.3 s`
inline void add_line(base::Text& text, const Snapshot& s) noexcept {
    add_identity(text, s);
    text.add(": ");
    add_activity(text, s);
    if (!s.parked() || s.parked_ns < 1'000'000'000) return;
    text.add(", for ");
    text.add_duration(s.parked_ns);
}

/// Every goroutine of the process that has started. `look(snapshot, goroutine, held)` while it is held, under the
/// rules of fiber::Hold; `visit(snapshot, goroutine)` when it is not any more.
/// The snapshots are no burden to the caller's stack. Gives up the holding when it cannot be had within `patience_ns`:
/// then there are fewer details.
template <class Look, class Visit>
void for_each_goroutine(Look look, Visit visit, std::int64_t patience_ns = 1'000'000'000) {
    using Hold = fiber::Hold<task::Goroutine>;
    struct Batch {
        Snapshot seen[Hold::most];
        task::Goroutine* whose[Hold::most];
    };
    Hold hold(sched::Housekeeping::instance().trimmer, patience_ns);
    const Mapped<Batch> batch;
    Snapshot alone;
    task::Goroutine* whose_alone;
    Snapshot* const seen = batch.get() ? batch.get()->seen : &alone;
    task::Goroutine** const whose = batch.get() ? batch.get()->whose : &whose_alone;
    const std::size_t room = batch.get() ? Hold::most : 1;
    const std::int64_t now = base::now_ns();
    auto work_off = [&] {
        hold.settle();
        std::size_t n = 0;
        for (std::size_t i = 0; i < hold.size(); ++i) {
            task::Goroutine& g = hold[i];
            const bool held = hold.holds(g);
            if (!take_snapshot(seen[n], g, held, now)) continue;
            look(seen[n], g, held);
            whose[n++] = &g;
        }
        hold.let_go();
        for (std::size_t i = 0; i < n; ++i) visit(seen[i], *whose[i]);
    };
    task::stack_pools().for_each([&](task::Goroutine& g) {
        if (g.state.load(std::memory_order_relaxed) == task::State::vacant) return;
        hold.add(g);
        if (hold.size() == room) work_off();
    });
    work_off();
}
/// The same without a look.
template <class Visit>
void for_each_goroutine(Visit visit) {
    for_each_goroutine([](const Snapshot&, const task::Goroutine&, bool) {}, visit);
}

} // namespace gofer::inline v1::debug

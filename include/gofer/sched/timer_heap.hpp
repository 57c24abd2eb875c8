// The timers of one worker: a heap ordered by deadline under a lock. Its worker adds to it, or arm.hpp in the name of a
// plain thread; anyone may remove, since a goroutine may have moved on, and any worker may fire what is due.
//
// A timer lives in its owner's frame or object. Firing happens under the heap's lock and removal takes the lock, so
// when remove() has returned nobody holds a pointer to the timer. `fire` decides whether someone is woken (it
// claims the wait) and adds the goroutine to those that wake, or adds a step that needs other locks; both come after the
// lock is released. A 4-ary heap with the deadlines beside the pointers: a third fewer cache misses than a binary
// heap of pointers. A table of positions, so that those that are moved are not written to, was tried: 100,000 sleepers took
// a fifth more processor time, since the writes, for which nobody waits, fetch the frames that will be needed.
//
// Timers that outlive runtimes: their heap changes when theirs ends. Whoever removes one reads `heap`, locks that
// heap, and looks whether it still is the timer's; so the memory of a heap is never given back, but used by a later
// runtime.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <vector>

#include <gofer/base/clock.hpp>
#include <gofer/base/prefetch.hpp>
#include <gofer/base/spin_lock.hpp>
#include <gofer/sched/crowd.hpp>
#include <gofer/task/goroutine.hpp>

namespace gofer::inline v1::sched {

using base::never;

/// A step that a timer takes when the heap's lock is released: on the loop of a worker, so it must not block. It may
/// start goroutines, take locks and arm timers. Whoever adds it sees to it that it lives until it has run.
struct Due {
    using Run = void (*)(Due&) noexcept;

    explicit Due(Run on_due) noexcept : run(on_due) {}

    Run run;
    Due* next_due = nullptr;
};

/// What timers have come to: goroutines to be made runnable, and steps to be taken. Those that are pinned apart, since each
/// goes to its worker.
struct Woken {
    Crowd crowd;
    fiber::Fiber* pinned = nullptr;
    Due* first_due = nullptr;
    Due* last_due = nullptr;

    void add(task::Goroutine* g) noexcept {
        if (g->pinned_to && g->woken_by({.kind = task::Waker::Kind::timer, .time = base::now_ns()})) [[unlikely]] {
            g->becomes_runnable();
            g->next = pinned;
            pinned = g;
        } else {
            crowd.add(g);
        }
    }
    void later(Due& due) noexcept {
        due.next_due = nullptr;
        (last_due ? last_due->next_due : first_due) = &due;
        last_due = &due;
    }
    /// Takes the steps, in the order of their deadlines. False if there were none.
    bool run_due() const noexcept {
        for (Due* due = first_due; due;) {
            Due* next = due->next_due; // before it runs: it may be gone afterwards
            due->run(*due);
            due = next;
        }
        return first_due != nullptr;
    }
};

class [[gnu::visibility("default")]] TimerHeap;

struct Timer {
    using Fire = void (*)(Timer&, Woken&) noexcept;
    static constexpr std::size_t not_armed = static_cast<std::size_t>(-1);

    explicit Timer(Fire on_fire, bool outlives_its_runtime = false) noexcept
        : fire(on_fire), moves(outlives_its_runtime) {}
    /// In the frame of a goroutine, which it wakes.
    Timer(Fire on_fire, const task::Goroutine* goroutine) noexcept : fire(on_fire), wakes(goroutine), moves(false) {}

    const Fire fire;
    const task::Goroutine* const wakes = nullptr;
    const bool moves;                     // to the default runtime, when its own ends
    std::size_t position = not_armed;     // guarded by the heap's lock
    std::atomic<TimerHeap*> heap{nullptr}; // where it is, or was last; changed under the lock of that heap
};

class [[gnu::visibility("default")]] alignas(64) TimerHeap {
public:
    enum class Added { refused, behind, first };

    TimerHeap() = default;
    TimerHeap(const TimerHeap&) = delete;
    TimerHeap& operator=(const TimerHeap&) = delete;

    /// Deadline of the next timer, or never. A hint for everyone but the owner.
    std::int64_t earliest() const noexcept { return earliest_.load(std::memory_order_relaxed); }
    std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

    /// `first`: it is the next of all. Refused: the heap's runtime has ended. Throws std::bad_alloc.
    Added add(Timer& timer, std::int64_t deadline) {
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (closed_) return Added::refused;
        insert(timer, deadline);
        publish();
        return timer.position == 0 ? Added::first : Added::behind;
    }

    enum class Removed { yes, had_fired, elsewhere };

    /// Unless it is `elsewhere` by now, nobody fires the timer any more after this.
    Removed take(Timer& timer) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (timer.heap.load(std::memory_order_relaxed) != this) return Removed::elsewhere;
        if (timer.position == Timer::not_armed) return Removed::had_fired;
        take_out(timer.position);
        publish();
        return Removed::yes;
    }
    /// For a timer that does not move: after this nobody fires it any more. False if it had fired already.
    bool remove(Timer& timer) noexcept { return take(timer) == Removed::yes; }

    /// Fires all timers due at `now`.
    void fire_due(std::int64_t now, Woken& woken) noexcept {
        lock_.lock();
        Timer* due[at_once];
        while (const std::size_t n = take_due(now, due))
            for (std::size_t i = 0; i < n; ++i) due[i]->fire(*due[i], woken);
        publish();
        lock_.unlock();
    }

    /// Whether `holds(timer, deadline)` for some timer. Under the heap's lock.
    template <class Predicate>
    bool any(Predicate holds) {
        const std::lock_guard<base::SpinLock> guard(lock_);
        return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return holds(*e.timer, e.deadline); });
    }

    /// The runtime has ended: calls `adopt(timer, deadline)`, under this heap's lock, for each timer that outlives
    /// it. Those that it refuses (false) stay, to fire in the runtime that has this heap next, and so do those in the frames
    /// of goroutines that nobody resumes.
    template <class Adopt>
    void close(Adopt adopt) {
        const std::lock_guard<base::SpinLock> guard(lock_);
        closed_ = true;
        std::size_t kept = 0;
        for (const Entry entry : entries_) {
            entry.timer->position = Timer::not_armed;
            if (entry.timer->moves && adopt(*entry.timer, entry.deadline)) continue;
            entries_[kept] = entry; // one that was looked at already
            sift_up(kept++);
        }
        entries_.resize(kept);
        entries_.shrink_to_fit();
        publish();
    }
    void open() noexcept { closed_ = false; }

    TimerHeap* next_kept = nullptr; // while no worker has it

private:
    struct Entry {
        std::int64_t deadline;
        Timer* timer;
    };
    static constexpr std::size_t arity = 4;
    static constexpr std::size_t small = 1024; // entries that are not worth giving back

    // Those that are due together were added by goroutines that have left the cache since: their frames are fetched while
    // the heap is put in order, and then their records. 100,000 sleepers take 0.97 of the time so.
    static constexpr std::size_t at_once = 16;
    static constexpr std::size_t frames_of_a_wake = 256;
    static constexpr std::size_t record_of_a_wake = 128;
    std::size_t take_due(std::int64_t now, Timer** due) noexcept {
        std::size_t n = 0;
        while (n < at_once && !entries_.empty() && entries_[0].deadline <= now) {
            due[n] = entries_[0].timer;
            base::prefetch(due[n++], frames_of_a_wake);
            take_out(0);
        }
        for (std::size_t i = 0; i < n; ++i)
            if (due[i]->wakes) base::prefetch(due[i]->wakes, record_of_a_wake);
        return n;
    }

    void insert(Timer& timer, std::int64_t deadline) {
        entries_.push_back({deadline, &timer});
        timer.heap.store(this, std::memory_order_release); // partner: disarm()
        sift_up(entries_.size() - 1);
    }
    void publish() noexcept {
        earliest_.store(entries_.empty() ? never : entries_[0].deadline, std::memory_order_relaxed);
        size_.store(entries_.size(), std::memory_order_relaxed);
    }
    void place(std::size_t at, Entry entry) noexcept {
        entries_[at] = entry;
        entry.timer->position = at;
    }
    void take_out(std::size_t at) noexcept {
        entries_[at].timer->position = Timer::not_armed;
        const Entry last = entries_.back();
        entries_.pop_back();
        if (entries_.capacity() > small && entries_.size() < entries_.capacity() / 4) halve();
        if (at == entries_.size()) return;
        place(at, last);
        sift_up(at);
        sift_down(last.timer->position);
    }
    // A million timers that were stopped leave no memory behind. Without memory to move to, it stays as it is.
    [[gnu::noinline]] void halve() noexcept {
        try {
            std::vector<Entry> fewer;
            fewer.reserve(entries_.capacity() / 2);
            fewer.assign(entries_.begin(), entries_.end());
            entries_.swap(fewer);
        } catch (const std::bad_alloc&) {
            return;
        }
    }
    void sift_up(std::size_t at) noexcept {
        const Entry entry = entries_[at];
        while (at > 0 && entry.deadline < entries_[(at - 1) / arity].deadline) {
            place(at, entries_[(at - 1) / arity]);
            at = (at - 1) / arity;
        }
        place(at, entry);
    }
    void sift_down(std::size_t at) noexcept {
        const Entry entry = entries_[at];
        for (;;) {
            const std::size_t first = at * arity + 1;
            std::size_t least = at;
            std::int64_t deadline = entry.deadline;
            for (std::size_t c = first; c < first + arity && c < entries_.size(); ++c) {
                if (entries_[c].deadline >= deadline) continue;
                least = c;
                deadline = entries_[c].deadline;
            }
            if (least == at) break;
            place(at, entries_[least]);
            at = least;
        }
        place(at, entry);
    }

    base::SpinLock lock_;
    bool closed_ = false;
    std::vector<Entry> entries_;
    std::atomic<std::int64_t> earliest_{never};
    std::atomic<std::size_t> size_{0};
};

} // namespace gofer::inline v1::sched

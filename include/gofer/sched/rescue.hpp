// What the monitor does about workers that are stuck in one goroutine: in a computation, a sleep of the thread, a C
// library. While something waits behind such a worker it asks its loop for attention and wakes a sleeper; when nobody
// sleeps and nobody looks for work, it calls a stand-in (roster.hpp).
//
// Stuck is who has taken no turn for `patience`; all who are count, since licences do (roster.hpp), but something is
// done only while somebody waits. For a while after the last rescue, and as long
// as a stand-in works, the monitor looks more often and has less patience, since the goroutines that were waiting may
// be of the same kind.
#pragma once

#include <algorithm>
#include <thread>
#include <utility>

#include <gofer/base/thread_state.hpp>
#include <gofer/sched/death.hpp>
#include <gofer/sched/scheduler.hpp>

namespace gofer::inline v1::sched {

void worker_thread(Worker* w); // worker_thread.hpp

class Rescue {
public:
    static constexpr std::int64_t calm_tick_ns = 5'000'000;
    static constexpr std::int64_t alert_tick_ns = 1'000'000;

    /// `notes` gets what there is to be said, since here the registry's lock is held.
    explicit Rescue(Scheduler& s, std::int64_t now, base::Text& notes) noexcept : s_(s), now_(now), notes_(notes) {}

    /// Looks at every worker, and acts. Returns how long the next look has time.
    std::int64_t look() noexcept {
        for (auto& w : s_.workers) look_at(*w);
        if (help_)
            help();
        else
            s_.trouble.looks_to_spare = 0;
        if (s_.workers.surplus()) send_home();
        if (help_ || working_) s_.trouble.alert_until = now_ + alert_ns;
        return alert() ? alert_tick_ns : calm_tick_ns;
    }

private:
    static constexpr std::int64_t patience_ns = 8'000'000;
    static constexpr std::int64_t alert_patience_ns = 3'000'000;
    static constexpr std::int64_t spawner_patience_ns = 100'000'000; // of one that spawns
    static constexpr std::int64_t spawning_ns = 12'000'000; // after it was last seen to spawn
    static constexpr std::int64_t starved_ns = 25'000'000;
    static constexpr std::int64_t alert_starved_ns = 10'000'000;
    static constexpr std::int64_t some_ns = 500'000;
    static constexpr std::int64_t alert_ns = 100'000'000;
    static constexpr unsigned most_looks_to_spare = 4;
    static constexpr std::int64_t hog_ns = 5'000'000;
    static constexpr std::int64_t distrust_ns = 100'000'000; // after it was last seen at it
    static constexpr std::int64_t pause_ns = 2'000'000;          // doubled for each stand-in that is stuck
    static constexpr std::size_t most_noted = 1024; // bytes, so that one more note has room beside them
    static constexpr std::int64_t crowded_pause_ns = 60'000'000; // at least, when it computes: one more would only crowd

    bool alert() const noexcept { return now_ < s_.trouble.alert_until; }

    void look_at(Worker& w) noexcept {
        const std::uint32_t turns = w.turns.load(std::memory_order_relaxed);
        Goroutine* inside = w.current;
        // A thread that has not begun yet is stuck in nothing, and another one would not begin sooner.
        const bool new_here = w.tid.load(std::memory_order_acquire) == 0 || w.still_since == 0;
        if (turns != w.turns_at_last_look || new_here || w.asleep.load(std::memory_order_relaxed) ||
            !s_.workers.on_duty(w)) {
            if (inside && w.stand_in()) working_ = true;
            if (turns != w.turns_at_last_look && !w.stand_in()) moves_ = true;
            w.turns_at_last_look = turns;
            w.still_since = now_;
            w.still_seen = false;
            w.long_run_told = false;
            return s_.workers.unmark(w);
        }
        judge(w, inside);
        if (inside && s_.long_run_ns && now_ - w.still_since >= s_.long_run_ns) [[unlikely]]
            tell_of_long_run(w, *inside, turns);
        const bool waiting = waits_behind(w);
        if (!waiting && !inside) return;
        w.attention.store(true, std::memory_order_relaxed);
        if (waiting && s_.idle.sleeping() > 0) s_.idle.wake_one();
        if (now_ - w.still_since < patience(w) || is_starved(w)) return;
        help_ = help_ || waiting;
        if (!w.stuck.load(std::memory_order_relaxed)) mark(w);
    }

    // A spawner's goroutines wait for it on purpose: with a third thread beside it spawning a million took twice as
    // long.
    std::int64_t patience(Worker& w) const noexcept {
        const std::uint64_t spawned = w.spawned.get();
        if (std::exchange(w.spawned_at_last_look, spawned) != spawned) w.spawning_until = now_ + spawning_ns;
        if (now_ < w.spawning_until) return spawner_patience_ns;
        return alert() ? alert_patience_ns : patience_ns;
    }

    /// Not a queue whose oldest goes on, since thieves take it: that of a spawner, say.
    bool waits_behind(Worker& w) const noexcept {
        const std::uint32_t oldest = w.queue.oldest_number();
        const bool stands_still = std::exchange(w.oldest_at_last_look, oldest) == oldest && w.queue.size() > 0;
        return stands_still || w.queue.next() || !s_.injected.empty() || w.timers.earliest() <= now_;
    }

    void mark(Worker& w) noexcept {
        s_.workers.mark_stuck(w);
        if (!w.stand_in()) return;
        const int others = static_cast<int>(s_.workers.stand_ins()) - s_.workers.serving() - 1;
        const std::int64_t pause =
            std::max(base::wants_processor(w.tid) ? crowded_pause_ns : 0, pause_ns << std::clamp(others, 0, 6));
        s_.trouble.strangers_from.store(now_ + pause, std::memory_order_relaxed);
    }

    /// A hog has used its processor without taking a turn. One that just has none at the moment is innocent.
    void judge(Worker& w, Goroutine* inside) noexcept {
        const std::int64_t used = base::time_of(w.cpu_clock);
        if (!w.still_seen) w.used_then = used;
        w.still_seen = true;
        w.used_since = used - w.used_then;
        if (inside && w.used_since > hog_ns) inside->hog_until.store(now_ + distrust_ns, std::memory_order_relaxed);
    }

    /// Names the goroutine, once for each time it runs on.
    [[gnu::noinline, gnu::cold]] void tell_of_long_run(Worker& w, Goroutine& g, std::uint32_t turns) noexcept {
        if (w.long_run_told || notes_.length() > most_noted) return; // or at the next look
        w.long_run_told = true;
        g.extras_lock.lock();
        const Identity identity(g);
        g.extras_lock.unlock();
        if (w.turns.load(std::memory_order_relaxed) != turns) return; // it may have been another one
        notes_.add("gofer: %s, has run for over %lld ms without parking, on worker %u; have it yield, or wrap what blocks "
                   "its thread into gofer::blocking\n",
                   identity.c_str(), static_cast<long long>((now_ - w.still_since) / 1'000'000), w.index);
    }

    /// It takes no turn since the system does not let it run. One more thread would not help, at first.
    bool is_starved(const Worker& w) const noexcept {
        const std::int64_t bound = alert() ? alert_starved_ns : starved_ns;
        return now_ - w.still_since < bound && w.used_since < some_ns && base::wants_processor(w.tid);
    }

    /// One at a time: it takes over what waits behind all of them, and says by getting stuck that it is not enough.
    void help() noexcept {
        if (s_.workers.serving() > 0) return;
        if (moves_) return ask_those_who_move();
        const bool someone_free = s_.idle.sleeping() > 0 || s_.idle.searching();
        if (someone_free && ++s_.trouble.looks_to_spare < most_looks_to_spare) return; // they may wait for a processor
        s_.trouble.looks_to_spare = 0;
        s_.trouble.rescues.add(); // first, since who runs on the stand-in may look at the count
        if (!s_.workers.call_stand_in(start_thread)) s_.trouble.rescues.take_back();
    }

    /// A regular worker that takes turns looks after the stuck ones beside them (loop.hpp).
    void ask_those_who_move() noexcept {
        for (auto& w : s_.workers)
            if (!w->stand_in() && !w->stuck.load(std::memory_order_relaxed))
                w->attention.store(true, std::memory_order_relaxed);
    }

    static bool start_thread(Worker& w) noexcept {
        w.scheduler->retain();
        try {
            if (w.thread.joinable()) w.thread.detach(); // it has left the worker (`exited`), and ends by itself
            w.thread = std::thread(worker_thread, &w);
            if (w.scheduler->never_joins) w.thread.detach();
            return true;
        } catch (const std::exception&) {
            w.scheduler->release();
            return false;
        }
    }

    /// One that sleeps does not see by itself that the stuck are back.
    void send_home() noexcept {
        for (auto& w : s_.workers)
            if (w->stand_in()) s_.idle.wake_for_timers(*w);
    }

    Scheduler& s_;
    const std::int64_t now_;
    base::Text& notes_;
    bool help_ = false;
    bool working_ = false; // a stand-in
    bool moves_ = false;   // some regular worker
};

} // namespace gofer::inline v1::sched

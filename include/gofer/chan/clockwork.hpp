// Channels whose values come from the clock: those of Timer, Ticker and after().
//
// Such a channel has no timer in any heap. It knows when its next value is due; a receive that comes later makes the
// value, and one that would block sets the deadline of its own wait to that moment. So a timer that nobody waits for
// is a few words and nothing else, stop and reset are stores with no firing to race with, nothing stale can lie in a
// buffer, ticks cannot pile up, and the last handle takes everything along. (Go 1.23 comes near: there a timer is in
// a heap only while someone is blocked on its channel. With the alarm in the waiter's frame there is none to move
// when a runtime ends, and none to fire under a heap's lock.)
//
// Of those who wait only the `watch` has an alarm; the others, of the same runtime, follow it: each tick wakes one.
// Invariant, under the channel's lock: while anyone follows, the watch is a goroutine of the followers' runtime (or
// they are plain threads), or one of them that was woken has not left yet. So whoever leaves, for whatever reason,
// passes the watch on. Others (of a second runtime) have alarms of their own.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <type_traits>

#include <gofer/base/clock.hpp>
#include <gofer/chan/exchange.hpp>
#include <gofer/sched/biased_lock.hpp>
#include <gofer/wait/waiter.hpp>

namespace gofer::inline v1::chan {

/// A due moment that lies beyond every wait, of a timer that is armed all the same.
inline constexpr std::int64_t latest_due = base::never - 1;

/// Guarded by the channel's lock, but for what is said to be a hint.
class Clockwork {
public:
    using Value = std::optional<Clock::time_point>;
    using Locked = sched::Locked;

    /// Whether the channel is fed by the clock. Does not change once the channel is shared.
    bool runs() const noexcept { return runs_; }
    void start(std::int64_t due, std::int64_t period) noexcept {
        base::tsan_release(&due_);
        runs_ = true;
        due_.store(due, std::memory_order_relaxed);
        period_ = period;
    }

    /// A hint without the lock: could a receive go through now?
    bool is_due() const noexcept {
        const std::int64_t due = next();
        return due <= latest_due && due <= base::now_ns();
    }

    /// Sets when the next value is due (`never`: no more) and how long after it the one after that, 0 for none. True
    /// if one was due before, or will have been. Takes the lock.
    bool set(sched::BiasedLock& lock, std::int64_t due, std::int64_t period) noexcept {
        base::tsan_release(&due_); // partner: the acquire in take()
        base::EngineRegion engine;
        wait::ReleaseList woken;
        bool was_armed = false;
        {
            const Locked guard(lock);
            was_armed = next() != base::never;
            due_.store(due, std::memory_order_relaxed);
            period_ = period;
            if (due < latest_alarm_) woken.claim_all(alarmed_, wait::Outcome::retry); // others look again in time
        }
        woken.wake_all();
        return was_armed;
    }

    /// Makes the value if it is due: the moment when it became so, as in Go.
    bool take(Value& out) noexcept {
        const std::int64_t due = next();
        if (due > latest_due) return false;
        const std::int64_t now = base::now_ns();
        if (due > now) return false;
        due_.store(period_ ? first_after(now, due, period_) : base::never, std::memory_order_relaxed);
        base::engine_acquire(&due_);
        base::UserCode user;
        out.emplace(Clock::duration(due));
        return true;
    }

    /// Takes the lock.
    Result receive(sched::BiasedLock& lock, const void* channel, Value& out, wait::Until until) {
        for (;;) {
            Locked guard(lock);
            if (take(out)) return leave(guard, Result::done);
            if (until.over()) return leave(guard, Result::timed_out);
            wait::Episode episode({std::min(until.deadline, alarm()), until.interrupt});
            wait::Waiter self(episode, nullptr);
            join(self);
            guard.release();
            episode.park(task::WaitReason::tick, channel, wait::Unlock::of(lock));
            Locked again(lock);
            part(self);
            if (episode.ended() == wait::Ended::by_interrupt) return leave(again, Result::interrupted);
            if (!episode.is_to_throw()) continue;
            static_cast<void>(leave(again, Result::pending));
            episode.pass_unwind();
        }
    }

    // For select, which decides how long it sleeps before it joins: the alarm it needs here, then whether that still is
    // early enough (false: start over).
    std::int64_t alarm() const noexcept {
        return may_follow(home_of(sched::this_goroutine_record())) || next() >= latest_due ? base::never : next();
    }
    bool try_join(wait::Waiter& w) noexcept {
        if (is_due()) return false;
        if (w.episode->deadline() > alarm()) return false;
        join(w);
        return true;
    }
    void part(wait::Waiter& w) noexcept {
        if (w.linked) static_cast<wait::WaitList*>(w.data)->remove(w);
        if (watch_ == &w) watch_ = nullptr;
    }
    /// The last step of a call that has waited here. Releases the lock.
    Result leave(Locked& guard, Result result) noexcept {
        const wait::Claimed next_watch = pass_watch_on();
        guard.unlock();
        next_watch.wake();
        return result;
    }

private:
    std::int64_t next() const noexcept { return due_.load(std::memory_order_relaxed); }

    /// The first tick after `now` of those that are a period apart: late ones are left out, and nothing drifts.
    static std::int64_t first_after(std::int64_t now, std::int64_t due, std::int64_t period) noexcept {
        const std::int64_t last = due + (now - due) / period * period;
        return period >= latest_due - last ? latest_due : last + period;
    }

    // Null for a plain thread: as a home of all of them, since none of them is ever abandoned. One that is pinned is alone:
    // when it is woken its thread may be held by somebody else for long, and whoever followed it would wait as long.
    static const void* home_of(const task::Goroutine* g) noexcept {
        if (!g) return nullptr;
        return g->pins ? static_cast<const void*>(g) : g->home;
    }
    static const void* home_of(const wait::Waiter& w) noexcept { return home_of(w.episode->goroutine()); }

    bool may_follow(const void* home) const noexcept {
        return watch_ && home_of(*watch_) == home && (followers_.empty() || home_of(*followers_.front()) == home);
    }
    void join(wait::Waiter& w) noexcept {
        if (may_follow(home_of(w))) {
            w.data = &followers_;
            return followers_.push_back(w);
        }
        latest_alarm_ = alarmed_.empty() ? next() : std::max(latest_alarm_, next());
        w.data = &alarmed_;
        alarmed_.push_back(w);
        if (!watch_ || watch_->episode->abandoned()) watch_ = &w;
    }
    wait::Claimed pass_watch_on() noexcept {
        if (followers_.empty() || (watch_ && home_of(*watch_) == home_of(*followers_.front()))) return {};
        wait::Waiter* heir = nullptr;
        const wait::Claimed claimed = wait::claim_first(followers_, heir);
        if (!claimed) return {};
        heir->outcome = wait::Outcome::retry;
        watch_ = heir; // or whoever leaves could be the watch again before the heir looks, and take each tick
        return claimed;
    }

    bool runs_ = false;
    std::atomic<std::int64_t> due_{base::never};
    std::int64_t period_ = 0;
    std::int64_t latest_alarm_ = base::never; // no one in `alarmed_` sleeps past a moment later than this
    wait::WaitList alarmed_;
    wait::WaitList followers_;
    wait::Waiter* watch_ = nullptr; // one of `alarmed_`, or one that was taken off it and has not left yet
};

/// Channels of all other types have none.
struct NoClockwork {
    static constexpr bool runs() noexcept { return false; }
    static constexpr bool is_due() noexcept { return false; }
};

template <class T>
inline constexpr bool clocked = std::is_same_v<T, Clock::time_point>;

template <class T>
using ClockworkOf = std::conditional_t<clocked<T>, Clockwork, NoClockwork>;

} // namespace gofer::inline v1::chan

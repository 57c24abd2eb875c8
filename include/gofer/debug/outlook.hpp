// Who could still wake somebody: one judgement over the whole process, for the detector of deadlocks and for the grace
// at the end of a runtime.
//
// Only a thread can wake anybody, so all of them are accounted for: workers, the library's own, plain threads that are
// blocked in it, and the rest as the system counts them. When each of the former sleeps at one moment, with no work
// queued, no timer, no blocking code and no signal that reaches a goroutine, nothing but the rest can ever change
// that.
//
// That one moment: two looks that saw the same, where whatever wakes changes something that stays changed (a worker
// that wakes sleeps once more, a plain thread leaves the list of the blocked). Between them the heavy barrier, so
// that what those who are seen asleep did before is seen, too; and the counting of threads.
// The order in a look matters: counters before the conditions that they vouch for.
#pragma once

#include <cstdint>
#include <cstdio>

#include <gofer/base/futex.hpp>
#include <gofer/context/deadline.hpp>
#include <gofer/context/signal_watch.hpp>
#include <gofer/context/stop_token.hpp>
#include <gofer/sched/blocking_pool.hpp>
#include <gofer/sched/monitor.hpp>
#include <gofer/sched/plain_threads.hpp>

namespace gofer::inline v1::debug {

/// Threads of this process as the system counts them, less a sanitizer's own; 0 when it does not say.
inline unsigned threads_of_process() noexcept {
    std::FILE* file = std::fopen("/proc/self/status", "re");
    if (!file) return 0;
    char line[256];
    unsigned threads = 0;
    while (std::fgets(line, sizeof line, file))
        if (std::sscanf(line, "Threads: %u", &threads) == 1) break;
    std::fclose(file);
    return base::tsan_build && threads > 1 ? threads - 1 : threads; // TSan's comes with the first thread that is made
}

/// What one look at the process saw.
class Sighting {
public:
    static Sighting take() noexcept {
        Sighting seen;
        seen.look_at_schedulers();
        seen.look_at_plain_threads();
        seen.look_at_own_threads();
        return seen;
    }

    bool someone_runs = false; // a worker, or a plain thread that was woken
    bool may_wake = false;     // a timer, or a signal: it wakes a worker, so that there will be another look
    bool pool_is_busy = false; // blocking code
    unsigned blocked = 0;      // plain threads
    unsigned own = 0;          // threads that sleep: workers, the pool's, the signals'; and the monitor
    std::uint64_t live = 0;    // goroutines
    std::uint64_t activity = 0; // changes when a goroutine or a plain thread does anything

    friend bool operator==(const Sighting&, const Sighting&) = default;

private:
    void look_at_schedulers() noexcept {
        sched::Monitor::instance().for_each([this](sched::Scheduler& s) {
            schedulers_ += s.id;
            sleeps_ += s.idle.sleeps();
            own += s.threads.load(std::memory_order_relaxed);
            for (auto& w : s.workers) activity += w->turns.load(std::memory_order_relaxed);
            if (!s.all_asleep() || s.work_in_sight() || s.stopped.load(std::memory_order_relaxed)) someone_runs = true;
            for (auto& w : s.workers) {
                if (!w->pinned.empty()) someone_runs = true;
                if (w->timers.size() > 0 && w->timers.any(reaches_anyone)) may_wake = true;
            }
            live += s.live();
        });
    }
    static bool reaches_anyone(sched::Timer& timer, std::int64_t deadline) noexcept {
        if (deadline == base::never) return false;
        context::TimedScope* scope = context::TimedScope::of(timer);
        return !scope || scope->reaches_anyone();
    }

    void look_at_plain_threads() noexcept {
        auto& plain = sched::PlainThreads::instance();
        activity += plain.changes();
        plain.for_each_blocked([this](const sched::PlainThreads::Blocked& b) {
            if (!b.asleep())
                someone_runs = true;
            else
                ++(b.in_blocking_code ? blocked_in_pool_ : blocked);
        });
    }

    void look_at_own_threads() noexcept {
        auto& pool = sched::BlockingPool::instance();
        const unsigned idle = pool.idle(), threads = pool.threads();
        own += idle + blocked_in_pool_ + (sched::Monitor::instance().runs() ? 1 : 0);
        if (threads != idle + blocked_in_pool_ || pool.jobs_wait()) pool_is_busy = true;
        if (context::SignalWatch* watch = context::SignalWatch::made()) {
            ++own;
            if (watch->may_wake()) may_wake = true;
        }
    }

    std::uint64_t schedulers_ = 0;
    std::uint64_t sleeps_ = 0;
    unsigned blocked_in_pool_ = 0;
};

/// What can be said of the process at one moment.
struct Outlook {
    bool hopeless = false;    // nothing but `others` can wake anybody
    unsigned others = 0;      // threads that are neither the library's nor blocked in it
    unsigned known_awake = 0; // those of them that have called the library before
    bool stop_may_come = false; // from the others, by a std::stop_token that a context listens to
    Sighting seen;
};

/// Any thread. Some tens of microseconds when everyone sleeps, less otherwise.
inline Outlook judge() noexcept {
    base::EngineRegion engine;
    Outlook outlook;
    outlook.seen = Sighting::take();
    if (outlook.seen.someone_runs) return outlook;
    if (outlook.seen.may_wake || outlook.seen.pool_is_busy) return outlook;
    base::heavy_barrier();
    const unsigned threads = threads_of_process();
    const unsigned known = sched::PlainThreads::instance().known();
    const Sighting& seen = outlook.seen;
    if (Sighting::take() != seen || threads < seen.own + seen.blocked || known < seen.blocked) return outlook;
    outlook.others = threads - seen.own - seen.blocked;
    outlook.known_awake = known - seen.blocked;
    outlook.hopeless = true;
    outlook.stop_may_come = outlook.others > 0 && context::StopTokens::instance().stop_may_come();
    return outlook;
}

} // namespace gofer::inline v1::debug

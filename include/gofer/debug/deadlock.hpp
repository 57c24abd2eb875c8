// The detector of deadlocks. The monitor asks it when every worker of the process sleeps, and at no other time, so it
// costs nothing while all goes well. What it judges by stands in outlook.hpp; here is what follows from that:
//
// - Nobody is left who could wake anybody: a fatal error with every goroutine and what it waits for; for goroutines of
//   the default runtime alone a report, since they may be nothing but the background of a main() that has ended.
// - Threads that have never called the library may be about to: after a second a report, once, and the process goes on.
// - No goroutine was ever started, and plain threads alone are blocked: a report, once, and only where there are no others.
// - A plain thread that has called it before is not blocked in it now: silence. It tells when it blocks.
//
// Who of the others ends is not told by anybody, so the looks are repeated, at doubling distances: twenty looks in an
// hour.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include <gofer/debug/asleep.hpp>
#include <gofer/debug/outlook.hpp>

namespace gofer::inline v1::debug {

class DeadlockWatch {
public:
    static constexpr std::int64_t patience_ns = 1'000'000'000; // with threads that may be about to call in
    static constexpr std::int64_t first_pause_ns = 5'000'000;
    static constexpr std::int64_t longest_pause_ns = std::int64_t{1} << 50; // some days

    /// On the monitor's thread, when every worker sleeps. Returns when to look again.
    static std::int64_t look() noexcept {
        static DeadlockWatch& watch = *new DeadlockWatch;
        return watch.look_now();
    }

private:
    std::int64_t look_now() noexcept {
        const Outlook outlook = judge();
        const std::int64_t now = base::now_ns();
        if (outlook.seen.activity != activity_) {
            activity_ = outlook.seen.activity;
            since_ = now;
            pause_ = first_pause_ns;
        }
        if (outlook.seen.may_wake || outlook.known_awake > 0) return base::never; // they will tell
        const bool anyone = outlook.seen.live > 0 || outlook.seen.blocked > 0;
        const bool patient = outlook.others > 0;
        if (outlook.hopeless && anyone && !outlook.stop_may_come && (!patient || now - since_ >= patience_ns)) {
            act(outlook);
            if (!patient) return base::never;
        }
        const std::int64_t next = now + pause_;
        pause_ = std::min(2 * pause_, longest_pause_ns);
        return now - since_ < patience_ns ? std::min(next, since_ + patience_ns) : next;
    }

    /// The wish of those runtimes whose goroutines are concerned; the mildest that someone has uttered counts for all.
    static sched::OnDeadlock wish(const Outlook& outlook) noexcept {
        using Wish = sched::OnDeadlock;
        bool any = false, asked[4] = {};
        sched::Monitor::instance().for_each([&](sched::Scheduler& s) {
            if (s.never_joins || (s.live() == 0 && outlook.seen.live > 0)) return;
            any = asked[static_cast<unsigned>(s.on_deadlock)] = true;
        });
        for (const Wish w : {Wish::ignore, Wish::report, Wish::abort})
            if (asked[static_cast<unsigned>(w)]) return w;
        return any ? Wish::by_rule : Wish::report;
    }

    static void act(const Outlook& outlook) noexcept {
        using Wish = sched::OnDeadlock;
        const Wish wanted = wish(outlook);
        if (wanted == Wish::ignore) return;
        const bool fatal = wanted == Wish::abort || (wanted == Wish::by_rule && outlook.others == 0);
        if (!fatal && !mark_reported(outlook)) return;
        base::say(fatal ? "fatal error: all goroutines are asleep - deadlock!\n"
                        : "gofer: all goroutines are asleep - deadlock!\n");
        if (outlook.others > 0)
            base::say("%u thread%s that %s never called gofer could still wake them\n", outlook.others,
                      outlook.others == 1 ? "" : "s", outlook.others == 1 ? "has" : "have");
        base::say("\n");
        print_asleep();
        if (!fatal) return;
        base::act_last();
        std::abort();
    }

    /// False: all that are concerned have been reported before.
    static bool mark_reported(const Outlook& outlook) noexcept {
        static bool before_goroutines = false;
        bool news = !sched::Monitor::instance().runs() && outlook.others == 0 && !std::exchange(before_goroutines, true);
        sched::Monitor::instance().for_each([&news](sched::Scheduler& s) {
            if (!std::exchange(s.deadlock_reported, true)) news = true;
        });
        return news;
    }

    std::uint64_t activity_ = 0;
    std::int64_t since_ = 0;
    std::int64_t pause_ = first_pause_ns;
};

inline const bool deadlocks_are_watched = (sched::look_at_idle().store(&DeadlockWatch::look), true);

} // namespace gofer::inline v1::debug

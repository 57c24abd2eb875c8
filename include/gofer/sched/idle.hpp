// Who sleeps and who looks for work: the protocol that loses no wake-up and costs nothing when idle.
//
// A worker without work is either the searcher (one at most: it looks at the other workers' queues, naps a few dozen
// microseconds between looks, and gives up when nothing moves) or asleep on its futex. Whoever adds work reads
// one word, `call`: set only while somebody sleeps and nobody searches. Only then is a sleeper woken, and it wakes as
// the searcher, so that at most one wake-up is in flight: waking a thread costs more than a hundred switches.
//
// No lost wake-up: a sleeper sets `call` (under the lock), passes a heavy barrier, and looks for work once more; who
// adds work publishes it, passes a light barrier, and reads `call`. One of the two sees the other. The same when the
// searcher leaves its office to run something (see Scheduler::leave_office). Modelled in tests/models/idle.pml.
#pragma once

#include <atomic>

#include <gofer/base/futex.hpp>
#include <gofer/base/spin_lock.hpp>
#include <gofer/sched/worker.hpp>

namespace gofer::inline v1::sched {

class Idle {
public:
    /// True: somebody sleeps, nobody searches; who adds work should call wake_one().
    bool call() const noexcept { return call_.load(std::memory_order_relaxed) & called; }
    /// Tells whether who has added work and passed a light barrier may go: there is no call, and that barrier was enough.
    bool is_quiet() const noexcept { return call_.load(std::memory_order_relaxed) == 0; }
    unsigned sleeping() const noexcept { return sleeping_.load(std::memory_order_relaxed); }
    /// How often a worker has gone to sleep: if everyone sleeps at two looks that see the same number, nobody was awake
    /// in between.
    std::uint64_t sleeps() const noexcept { return sleeps_.load(std::memory_order_relaxed); }
    bool searching() const noexcept { return searching_.load(std::memory_order_relaxed); }

    /// Takes the searcher's office if it is free.
    bool take_office(Worker& w) noexcept {
        if (searching_.load(std::memory_order_relaxed)) return false;
        lock_.lock();
        const bool mine = !searching_.load(std::memory_order_relaxed);
        if (mine) {
            searching_.store(true, std::memory_order_relaxed);
            w.searcher = true;
        }
        publish();
        return mine;
    }

    void leave_office(Worker& w) noexcept {
        lock_.lock();
        leave(w);
        publish();
    }

    /// Announces that the worker sleeps from now on (and leaves its office). Pass a heavy barrier and look for work
    /// once more before wait().
    void announce_sleep(Worker& w) noexcept {
        w.wake_word.store(0, std::memory_order_relaxed);
        lock_.lock();
        leave(w);
        w.asleep.store(true, std::memory_order_relaxed);
        w.next_sleeper = sleepers_;
        sleepers_ = &w;
        sleeps_.store(sleeps() + 1, std::memory_order_relaxed);
        sleeping_.store(sleeping() + 1, std::memory_order_relaxed);
        publish();
    }

    /// Takes the announcement back. False: somebody is waking this worker already, so wait() returns at once.
    bool cancel_sleep(Worker& w) noexcept {
        lock_.lock();
        const bool mine = w.asleep.load(std::memory_order_relaxed);
        if (mine) remove(w);
        publish();
        return mine;
    }

    /// Takes the announcement back because there is work, which nobody else may know of: who added it found somebody
    /// searching. The worker need not be the one that runs it (a stand-in may be sent home), so it holds the office from
    /// here on, unless somebody else does; and whoever leaves that looks once more.
    void get_up(Worker& w) noexcept {
        if (!cancel_sleep(w)) wait(w, base::never); // somebody is waking it already
        if (!w.searcher) take_office(w);
    }

    /// Sleeps until woken (true; the worker is the searcher now) or until the deadline, or another one, is to be looked
    /// at (false).
    bool wait(Worker& w, std::int64_t deadline) noexcept {
        while (w.wake_word.load(std::memory_order_acquire) == 0)
            if (!base::futex_wait_until(w.wake_word, 0, deadline) && cancel_sleep(w)) return false;
        w.searcher = w.wake_word.load(std::memory_order_relaxed) == as_searcher;
        return w.searcher;
    }

    /// Wakes one sleeper as the searcher, unless somebody searches already. False: nobody was woken.
    bool wake_one() noexcept {
        lock_.lock();
        Worker* w = searching_.load(std::memory_order_relaxed) ? nullptr : sleepers_;
        if (w) {
            remove(*w);
            searching_.store(true, std::memory_order_relaxed);
        }
        publish();
        if (!w) return false;
        w->wake_word.store(as_searcher, std::memory_order_release); // partner: wait()
        base::futex_wake(&w->wake_word);
        return true;
    }

    /// Wakes every sleeper, at the end of the runtime.
    void wake_all() noexcept {
        lock_.lock();
        Worker* all = sleepers_;
        sleepers_ = nullptr;
        sleeping_.store(0, std::memory_order_relaxed);
        for (Worker* w = all; w; w = w->next_sleeper) w->asleep.store(false, std::memory_order_relaxed);
        publish();
        while (all) {
            Worker* w = all;
            all = w->next_sleeper; // read before the wake-up: the worker may announce itself again, or end
            w->wake_word.store(as_searcher, std::memory_order_release);
            base::futex_wake(&w->wake_word);
        }
    }

    /// Wakes this worker, if it sleeps, to look at its timers: somebody else has added one. It does not become the
    /// searcher. A worker that announces its sleep after this sees the timer, by the order of the lock.
    void wake_for_timers(Worker& w) noexcept {
        lock_.lock();
        const bool asleep = w.asleep.load(std::memory_order_relaxed);
        if (asleep) remove(w);
        publish();
        if (!asleep) return;
        w.wake_word.store(for_timers, std::memory_order_release);
        base::futex_wake(&w.wake_word);
    }

    /// The searcher naps until somebody pokes it or the time is over.
    void nap(Worker& w, std::int64_t until) noexcept {
        w.nap_word.store(0, std::memory_order_relaxed);
        napping_.store(&w, std::memory_order_seq_cst);
        if (!poked_.exchange(false, std::memory_order_seq_cst)) base::futex_wait_until(w.nap_word, 0, until);
        napping_.store(nullptr, std::memory_order_seq_cst);
    }

    /// Ends the searcher's nap: work has come from outside, which no look at a neighbour's counters foretells.
    void poke() noexcept {
        poked_.store(true, std::memory_order_seq_cst);
        Worker* w = napping_.exchange(nullptr, std::memory_order_seq_cst);
        if (!w) return;
        poked_.store(false, std::memory_order_relaxed);
        w->nap_word.store(1, std::memory_order_release); // may come late and end the next nap early: harmless
        base::futex_wake(&w->nap_word);
    }

private:
    static constexpr std::uint32_t as_searcher = 1, for_timers = 2; // values of Worker::wake_word
    static constexpr std::uint8_t called = 1, needs_fence = 2;      // bits of call_

    void leave(Worker& w) noexcept {
        if (!w.searcher) return;
        w.searcher = false;
        searching_.store(false, std::memory_order_relaxed);
    }
    void remove(Worker& w) noexcept {
        Worker** link = &sleepers_;
        while (*link != &w) link = &(*link)->next_sleeper;
        *link = w.next_sleeper;
        w.asleep.store(false, std::memory_order_relaxed);
        sleeping_.store(sleeping() - 1, std::memory_order_relaxed);
    }
    void publish() noexcept {
        const bool call = sleepers_ && !searching_.load(std::memory_order_relaxed);
        call_.store(always_ | (call ? called : 0), std::memory_order_relaxed);
        lock_.unlock();
    }

    const std::uint8_t always_ = base::asymmetric_barriers() ? 0 : needs_fence;
    alignas(64) std::atomic<std::uint8_t> call_{always_}; // read by everyone who adds work, rarely written
    alignas(64) base::SpinLock lock_;
    Worker* sleepers_ = nullptr;
    std::atomic<unsigned> sleeping_{0};
    std::atomic<std::uint64_t> sleeps_{0};
    std::atomic<bool> searching_{false};
    std::atomic<Worker*> napping_{nullptr};
    std::atomic<bool> poked_{false};
};

} // namespace gofer::inline v1::sched

// One blocking call: who waits (a goroutine, which parks, or a plain thread, which sleeps on a futex), until when,
// and how it ended. Every primitive of the library blocks through this file.
//
// An episode lies in the frame of the call. Partner, timer and interrupt may all want to end it; exactly one claims it:
//
//     registering --park--> parked        claims: registering -> claimed (the owner notices before it sleeps)
//                                                  parked -> claimed     (the claimer must wake the owner)
//
// - A wait that only one list can end (not `contested`) needs no compare-and-swap: being taken off the list, under
//   its lock, is the claim. That lock is released after the switch, so whoever sees the waiter finds it parked.
// - Whoever has claimed an episode fills in the result under the lock of the list, then releases the lock, then calls
//   wake(), and touches nothing of the episode or the object afterwards: both may be gone.
// - The owner of a contested wait passes through the lock of the list it was claimed from before it reads the result.
// - Goroutines of a runtime that has stopped are never claimed: nothing is handed to those who will not run again.
//   Whoever unwinds them ends their waits by_unwind; the call then leaves its lists, as after a deadline, and throws.
// A deadline for which there is no memory (the worker's heap of timers cannot grow) ends the wait by_want_of_memory before
// it has parked; the call leaves its lists, and throws std::bad_alloc.
// Orders: the claim's CAS (acq_rel) pairs with settle_contested()'s CAS (acq_rel); word (release) with wait_on_word (acquire).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <new>

#include <gofer/sched/fork.hpp>
#include <gofer/sched/plain_threads.hpp>
#include <gofer/sched/ready.hpp>
#include <gofer/sched/suspend.hpp>
#include <gofer/wait/unlock.hpp>
#include <gofer/wait/until.hpp>
#include <gofer/wait/unwind.hpp>

namespace gofer::inline v1::wait {

using task::Goroutine;
using task::WaitReason;

class Episode;

enum class Ended : std::uint32_t {
    registering,
    parked,
    by_partner,
    by_deadline,
    by_interrupt,
    by_recall, // look again: see recall.hpp
    by_unwind,
    by_want_of_memory
};

/// A won claim; `must_wake` is false when the owner has not gone to sleep and finds out by itself.
struct Claimed {
    Episode* episode = nullptr;
    bool must_wake = false;

    explicit operator bool() const noexcept { return episode != nullptr; }
    inline void wake() const noexcept;
};

class Episode {
public:
    /// `contested`: more than one list, or a deadline or interrupt, may end it.
    explicit Episode(Until until = {}, bool many_lists = false) noexcept
        : goroutine_(sched::this_goroutine_record()), until_(until), contested_(many_lists || until.limited()) {
        if (many_lists) base::engine_release(this); // it may be claimed before it parks
    }
    Episode(const Episode&) = delete;
    Episode& operator=(const Episode&) = delete;

    /// For one that was recalled and keeps its place: the same wait once more. Under the lock of its list.
    void begin_again(Until until) noexcept {
        until_ = until; // that of the last time forgets an interrupt that had fired
        word_.store(0, std::memory_order_relaxed);
        result_.store(static_cast<std::uint32_t>(Ended::registering), std::memory_order_relaxed);
        base::engine_release(this); // it may be claimed before it parks
    }

    /// Ends the wait in the name of the caller. An empty result: somebody else was first.
    Claimed claim(Ended how, std::uint32_t which = 0) noexcept {
        if (abandoned()) [[unlikely]]
            return {};
        if (!contested_) {
            result_.store(encode(how, which), std::memory_order_relaxed);
            return {this, true};
        }
        std::uint32_t seen = result_.load(std::memory_order_relaxed);
        while (seen <= static_cast<std::uint32_t>(Ended::parked))
            if (result_.compare_exchange_weak(seen, encode(how, which), std::memory_order_acq_rel))
                return {this, !goroutine_ || seen == static_cast<std::uint32_t>(Ended::parked)};
        return {};
    }

    /// Blocks until claimed. `unlock` is released once the wait may be seen.
    void park(WaitReason reason, const void* on, Unlock unlock) noexcept {
        unlock_ = unlock;
        base::engine_release(this); // partner: the acquire of a partner who takes from, or gives to, our frame
        if (contested_) [[unlikely]]
            return park_contested(reason, on);
        if (goroutine_)
            park_goroutine(reason, on, unlock.run, unlock.object);
        else
            wait_on_word(reason, on);
    }

    /// For the end of its runtime: ends the wait of a goroutine that is suspended, for ever as far as others are
    /// concerned. False: somebody was first, and makes it ready; or it cannot be known.
    bool end_by_unwinding() noexcept {
        auto seen = static_cast<std::uint32_t>(contested_ ? Ended::parked : Ended::registering);
        const std::uint32_t ended = encode(Ended::by_unwind, 0);
        if (contested_) return result_.compare_exchange_strong(seen, ended, std::memory_order_acq_rel);
        if (!unlock_.lock || result_.load(std::memory_order_acquire) != seen) return false;
        unlock_.lock(unlock_.object); // whoever has seen it not abandoned yet, and claims it, holds that
        const bool mine = result_.load(std::memory_order_relaxed) == seen;
        if (mine) result_.store(ended, std::memory_order_relaxed);
        unlock_();
        return mine;
    }
    /// The last step of a wait that no partner has ended, when it is in no list any more and no lock is held. Throws what
    /// is to leave the call, if the wait was not ended in one of the ways that the caller knows.
    void pass_unwind() const {
        if (is_to_throw()) [[unlikely]]
            throw_end();
    }
    bool is_to_throw() const noexcept { return ended() >= Ended::by_unwind; }

    Ended ended() const noexcept {
        const std::uint32_t r = result_.load(std::memory_order_acquire) & 0xff;
        return static_cast<Ended>(r);
    }
    /// Which waiter of several was claimed.
    std::uint32_t which() const noexcept { return result_.load(std::memory_order_relaxed) >> 8; }

    Goroutine* goroutine() const noexcept { return goroutine_; }
    /// Its runtime has stopped: nobody will claim it any more.
    bool abandoned() const noexcept {
        return goroutine_ && sched::home_of(goroutine_)->stopped.load(std::memory_order_relaxed);
    }
    std::int64_t deadline() const noexcept { return until_.deadline; }
    /// For reports, while its goroutine is suspended in it: nobody has claimed it, and only a partner ever will.
    bool awaits_partner() const noexcept {
        return !until_.limited() && ended() == (contested_ ? Ended::parked : Ended::registering);
    }
    Episode* next; // in a WakeList

private:
    friend struct Claimed;

    struct Alarm : sched::Timer {
        Episode& episode;
        explicit Alarm(Episode& e) noexcept : Timer(&Alarm::ring, e.goroutine_), episode(e) {}
        static void ring(Timer& timer, sched::Woken& woken) noexcept {
            Episode& e = static_cast<Alarm&>(timer).episode;
            if (e.claim(Ended::by_deadline).must_wake) woken.add(e.goroutine_);
        }
    };

    static std::uint32_t encode(Ended how, std::uint32_t which) noexcept {
        return static_cast<std::uint32_t>(how) | which << 8;
    }

    [[gnu::noinline]] void park_contested(WaitReason reason, const void* on) noexcept {
        InterruptNode node;
        node.episode = this;
        if (until_.interrupt && !until_.interrupt->attach(node)) {
            until_.interrupt = nullptr;
            if (claim(Ended::by_interrupt)) return unlock_(); // else a partner was first, and has to be waited for
        }
        if (goroutine_) {
            Alarm alarm(*this);
            if (set(alarm) || !claim(Ended::by_want_of_memory)) // if a partner was first, it is on its way
                park_goroutine(reason, on, &settle_contested, this);
            else
                unlock_();
            if (sched::TimerHeap* heap = alarm.heap.load(std::memory_order_relaxed)) heap->remove(alarm);
        } else {
            wait_on_word(reason, on);
        }
        if (until_.interrupt) until_.interrupt->detach(node);
    }

    bool set(Alarm& alarm) noexcept {
        if (until_.deadline == base::never) return true;
        try {
            static_cast<sched::Worker*>(goroutine_->worker)->timers.add(alarm, until_.deadline);
        } catch (const std::bad_alloc&) {
            return false;
        }
        return true;
    }
    [[noreturn, gnu::cold, gnu::noinline]] void throw_end() const {
        if (ended() == Ended::by_unwind) unwind();
        throw std::bad_alloc();
    }

    /// `settle` runs on the other side of the switch, when the wait may be seen.
    GOFER_SWITCHES void park_goroutine(WaitReason reason, const void* on, fiber::After settle, void* argument) noexcept {
        Goroutine* self = goroutine_;
        auto* w = static_cast<sched::Worker*>(self->worker);
        sched::suspend_to(w, self, leave_parked(w, reason, on), settle, argument);
        base::engine_acquire(self);
    }

    [[gnu::noinline]] Goroutine* leave_parked(sched::Worker* w, WaitReason reason, const void* on) noexcept {
        w->parks.add();
        goroutine_->parks(reason, on, this);
        return sched::choose_next(*w);
    }
    static void settle_contested(void* episode, fiber::Fiber*) noexcept {
        auto* self = static_cast<Episode*>(episode);
        const Unlock unlock = self->unlock_; // the frame may be gone once it is parked
        auto expected = static_cast<std::uint32_t>(Ended::registering);
        if (!self->result_.compare_exchange_strong(expected, static_cast<std::uint32_t>(Ended::parked),
                                                   std::memory_order_acq_rel))
            sched::make_runnable(self->goroutine_);
        unlock();
    }

    // A plain thread leaves only when its word is set, by whoever claimed it, or when it has claimed itself.
    [[gnu::noinline]] void wait_on_word(WaitReason reason, const void* on) noexcept {
        unlock_();
        sched::must_not_be_forked(reason);
        std::int64_t deadline = until_.deadline;
        if (deadline != base::never) return sleep_on_word(deadline);
        const sched::PlainThreads::Blocked listed(word_, reason, on);
        if (sched::PlainThreads::exiting_thread().load(std::memory_order_relaxed) == listed.tid)
            sleep_at_exit(reason);
        else if (!sched::Monitor::instance().runs())
            sleep_unwatched();
        sleep_on_word(deadline);
    }
    // In an exit handler: goroutines do not run any more, so it may well be for ever.
    void sleep_at_exit(WaitReason reason) noexcept {
        const std::int64_t until = base::now_ns() + 1'000'000'000;
        while (word_.load(std::memory_order_acquire) == 0)
            if (!base::futex_wait_until(word_, 0, until)) return say_it_waits_at_exit(reason);
    }
    [[gnu::cold, gnu::noinline]] static void say_it_waits_at_exit(WaitReason reason) noexcept {
        base::say("gofer: the process does not exit, since a static destructor or exit handler waits (%s); goroutines do "
                  "not run any more then, so have them end before main returns\n",
                  task::describe(reason));
    }
    // Where no goroutine was ever started there is no monitor to find out that this is a deadlock: the thread looks for
    // itself, after a second and then ever more rarely.
    void sleep_unwatched() noexcept {
        constexpr std::int64_t longest_pause_ns = std::int64_t{1} << 50; // some days
        std::int64_t pause = 1'000'000'000, look_at = base::now_ns() + pause;
        while (word_.load(std::memory_order_acquire) == 0 && !sched::Monitor::instance().runs()) {
            if (base::futex_wait_until(word_, 0, look_at)) continue;
            sched::Monitor::instance().look_in_its_absence();
            pause = std::min(2 * pause, longest_pause_ns);
            look_at = base::now_ns() + pause;
        }
    }
    void sleep_on_word(std::int64_t deadline) noexcept {
        sched::PlainThreads::note();
        while (word_.load(std::memory_order_acquire) == 0) {
            if (base::futex_wait_until(word_, 0, deadline)) continue;
            if (claim(Ended::by_deadline)) return;
            deadline = base::never;
        }
        base::engine_acquire(&word_);
    }

    Goroutine* goroutine_;
    Until until_;
    Unlock unlock_; // since it parks, as is `next` since it was claimed
    std::atomic<std::uint32_t> result_{static_cast<std::uint32_t>(Ended::registering)};
    base::FutexWord word_{0};
    bool contested_;
};

inline void Claimed::wake() const noexcept {
    if (!must_wake) return;
    if (Goroutine* g = episode->goroutine_) return sched::ready(g);
    base::engine_release(&episode->word_);
    base::FutexWord* word = &episode->word_;
    word->store(1, std::memory_order_release);
    base::futex_wake(word);
}

/// Ends the wait of an attached node, under the interrupt's lock. Wake what it returns after releasing the lock.
inline Claimed end_early(InterruptNode& node) noexcept {
    return node.episode->claim(Ended::by_interrupt);
}

} // namespace gofer::inline v1::wait

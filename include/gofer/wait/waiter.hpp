// A place in a wait list: what a blocked call offers or wants there, and where the result goes. Lies in the frame of
// the call; guarded by the lock of the list.
#pragma once

#include <cstdint>
#include <utility>

#include <gofer/base/foresight.hpp>
#include <gofer/base/prefetch.hpp>
#include <gofer/wait/episode.hpp>

namespace gofer::inline v1::wait {

/// How the partner left things; only meaningful when the episode ended by_partner.
enum class Outcome : std::uint8_t {
    done,
    closed,
    retry,  // the partner could not go through with it: look again
    failed, // moving the waiter's own value threw; the exception is in `error`
};

struct Waiter : base::ListHook<Waiter> {
    Waiter(Episode& e, void* value_or_slot, std::uint32_t number = 0) noexcept
        : episode(&e), data(value_or_slot), index(number) {}

    Claimed claim() noexcept { return episode->claim(Ended::by_partner, index); }

    Episode* episode;
    void* data;               // the sender's value, or the receiver's slot
    void* error = nullptr;    // an std::exception_ptr*, where `failed` puts the exception
    std::uint32_t index;      // which of its episode's waiters this is
    Outcome outcome = Outcome::done;
    void (*copy)() = nullptr; // how the value is copied, of a type that its list knows; null: it is moved
};

using WaitList = base::List<Waiter>;

/// Takes waiters off the front until one can be claimed.
inline Claimed claim_first(WaitList& list, Waiter*& waiter) noexcept {
    while ((waiter = list.pop_front()))
        if (Claimed claimed = waiter->claim()) return claimed;
    return {};
}

/// Claimed episodes, to be woken together once all locks are released.
class WakeList {
public:
    void add(Claimed claimed) noexcept {
        if (!claimed.must_wake) return;
        claimed.episode->next = nullptr;
        (last_ ? last_->next : first_) = claimed.episode;
        last_ = claimed.episode;
    }

    /// The list's last act. Goroutines of one runtime in a row are queued in one step.
    [[gnu::always_inline]] void wake_all() noexcept {
        if (!first_) return;
        if (first_ == last_)
            Claimed{first_, true}.wake();
        else
            wake_several();
    }

protected:
    /// The only one, which is taken off; null: there are more, or none.
    Episode* take_lone() noexcept {
        if (first_ != last_) return nullptr;
        last_ = nullptr;
        return std::exchange(first_, nullptr);
    }

private:
    [[gnu::noinline]] void wake_several() noexcept {
        sched::Crowd crowd;
        sched::Scheduler* home = nullptr;
        while (first_) {
            Episode* e = first_;
            first_ = e->next; // before the wake-up: the frame may be gone afterwards
            Goroutine* g = e->goroutine();
            if (!g) {
                Claimed{e, true}.wake();
                continue;
            }
            base::engine_release(g); // partner: the acquire in Episode::park
            if (g->pinned_to) [[unlikely]] {
                sched::make_runnable(g);
                continue;
            }
            if (home && home != sched::home_of(g)) sched::ready_all(home, crowd);
            home = sched::home_of(g);
            crowd.add(g);
        }
        if (home) sched::ready_all(home, crowd);
    }

    Episode* first_ = nullptr;
    Episode* last_ = nullptr;
};

/// The same, for who releases everybody in a list.
class ReleaseList : private WakeList {
    struct Nobody {
        void operator()(Waiter&) const noexcept {}
    };

public:
    /// Claims and adds everyone in the list, with that outcome. Under the list's lock. `lost` is told of each whose
    /// wait had ended otherwise.
    template <class Lost = Nobody>
    void claim_all(WaitList& list, Outcome outcome, Lost lost = {}) noexcept {
        Waiter* waiter = list.pop_front();
        if (!waiter) return;
        if (Claimed claimed = claim(*waiter, outcome))
            add(claimed);
        else
            lost(*waiter);
        if (!list.empty()) claim_rest(list, outcome, lost);
    }

    [[gnu::always_inline]] void wake_all() noexcept {
        WakeList::wake_all();
        if (rest_home_) [[unlikely]]
            sched::ready_all(rest_home_, rest_);
    }

private:
    static Claimed claim(Waiter& waiter, Outcome outcome) noexcept {
        const Claimed claimed = waiter.claim();
        if (!claimed) return {};
        waiter.outcome = outcome;
        base::engine_release(claimed.episode); // partner: the acquire of a select that was not parked yet
        return claimed;
    }

    // A long list has left the cache, so the next ones are fetched from where they should be. Where that fails the list is
    // gone along from both ends: what a scout sees from the back will be there when the front comes to it. And goroutines
    // go into a crowd at once, so that their frames need not be visited once more. All that makes a release of 10,000 three
    // times as fast at one worker.
    template <class Lost>
    [[gnu::noinline]] void claim_rest(WaitList& list, Outcome outcome, Lost lost) noexcept {
        base::Foresight foresight;
        const Waiter* scout = list.back();
        if (Episode* first = take_lone()) add_to_rest({first, true});
        while (Waiter* waiter = list.pop_front()) {
            const Goroutine* g = waiter->episode->goroutine();
            if (const std::uintptr_t distance = foresight.look(waiter); distance && g) {
                base::prefetch_at(waiter, distance, sizeof(Waiter));
                base::prefetch_at(waiter->episode, distance, sizeof(Episode));
                base::prefetch_at(g, distance, sizeof(Goroutine));
            } else if (scout) { // null behind the front
                base::prefetch(scout->episode, sizeof(Episode));
                if (const Goroutine* far = scout->episode->goroutine()) base::prefetch(far, sizeof(Goroutine));
                scout = scout->prev;
            }
            if (const Claimed claimed = claim(*waiter, outcome))
                add_to_rest(claimed);
            else
                lost(*waiter);
        }
    }
    void add_to_rest(Claimed claimed) noexcept {
        if (!claimed.must_wake) return;
        Goroutine* g = claimed.episode->goroutine();
        if (g && !g->pinned_to && (!rest_home_ || rest_home_ == sched::home_of(g))) {
            rest_home_ = sched::home_of(g);
            base::engine_release(g); // partner: the acquire in Episode::park
            rest_.add(g);
        } else {
            add(claimed);
        }
    }

    sched::Crowd rest_; // all of one runtime
    sched::Scheduler* rest_home_ = nullptr;
};

/// Blocks for ever; for what no one can end (a nil channel, a goroutine of a runtime that was shut down).
[[noreturn]] inline void park_forever(WaitReason reason) {
    for (;;) {
        base::EngineRegion engine;
        Episode episode({}, true);
        episode.park(reason, nullptr, Unlock::nothing());
        episode.pass_unwind();
    }
}

} // namespace gofer::inline v1::wait

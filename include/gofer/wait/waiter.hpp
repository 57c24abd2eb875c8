// A place in a wait list: what a blocked call offers or wants there, and where the result goes. Lies in the frame of
// the call; guarded by the lock of the list.
#pragma once

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
    bool copies = false;      // the value is copied from, not moved
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

    bool empty() const noexcept { return first_ == nullptr; }

    /// Claims and adds everyone in the list, with that outcome. Under the list's lock.
    void claim_all(WaitList& list, Outcome outcome) noexcept {
        while (Waiter* waiter = list.pop_front())
            if (Claimed claimed = waiter->claim()) {
                waiter->outcome = outcome;
                base::engine_release(claimed.episode); // partner: the acquire of a select that was not parked yet
                add(claimed);
            }
    }

    /// The list's last act. Goroutines of one runtime in a row are queued in one step.
    [[gnu::always_inline]] void wake_all() noexcept {
        if (!first_) return;
        if (first_ == last_)
            Claimed{first_, true}.wake();
        else
            wake_several();
    }

private:
    [[gnu::noinline]] void wake_several() noexcept {
        sched::Chain chain;
        sched::Scheduler* home = nullptr;
        while (first_) {
            Episode* e = first_;
            first_ = e->next; // before the wake-up: the frame may be gone afterwards
            Goroutine* g = e->goroutine();
            if (!g) {
                Claimed{e, true}.wake();
                continue;
            }
            if (g->pinned_to) [[unlikely]] {
                sched::ready(g);
                continue;
            }
            if (home != sched::home_of(g)) {
                sched::ready_all(home, chain.first);
                chain = {};
                home = sched::home_of(g);
            }
            chain.add(g);
        }
        sched::ready_all(home, chain.first);
    }

    Episode* first_ = nullptr;
    Episode* last_ = nullptr;
};

/// Blocks for ever; for what no one can end (a nil channel, a goroutine of a runtime that was shut down).
[[noreturn]] inline void park_forever(WaitReason reason) {
    for (;;) {
        base::EngineRegion engine;
        Episode episode({}, true);
        episode.park(reason, nullptr, {});
        episode.pass_unwind();
    }
}

} // namespace gofer::inline v1::wait

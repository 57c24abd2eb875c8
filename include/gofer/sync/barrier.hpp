// Barrier: n goroutines or threads wait until all of them have arrived, again and again. std::barrier, but it parks.
//
// One word: how many have arrived from bit 1 up, the lock of the wait list in bit 0. The last to arrive empties the
// list and starts the next round with one store, which is its last touch; whoever it wakes touches nothing either.
// Whether a wait that its deadline or context ended has passed is decided by the list alone: one that the last to
// arrive has taken off it has been counted, and has passed; one that is still there takes its arrival back.
// One that is counted must not touch the barrier any more, as it comes to take its arrival back: it may be destroyed
// already, by whoever has passed. Nor may it pass, and destroy it, before the last touch of the last to arrive. So both
// sides leave word in the frame of the one that waits. Whom they wait for then runs, and has a few instructions to go.
#pragma once

#include <atomic>
#include <cstdint>
#include <stdexcept>

#include <gofer/wait/waiter.hpp>
#include <gofer/wait/word_lock.hpp>

namespace gofer::inline v1 {

class Barrier {
public:
    /// Throws std::invalid_argument unless 1 <= n < 2^62.
    constexpr explicit Barrier(std::int64_t n) : parties_(checked(n)) {}
    Barrier(const Barrier&) = delete;
    Barrier& operator=(const Barrier&) = delete;

    /// Blocks until n have arrived in this round, the caller among them. What they did before happens before what any
    /// of them does after.
    void arrive_and_wait() { static_cast<void>(arrive(wait::Until::forever())); }

    /// Waits at most so long for the others. False: time was up, and the arrival is taken back; the round goes on as if
    /// it had not been.
    template <class Rep, class Period>
    [[nodiscard]] bool arrive_and_wait_for(std::chrono::duration<Rep, Period> d) {
        return arrive(wait::Until::after(d));
    }
    template <class C, class D>
    [[nodiscard]] bool arrive_and_wait_until(std::chrono::time_point<C, D> tp) {
        return arrive(wait::Until::at(tp));
    }
    /// The same until the context ends. One that has ended already: false, without an arrival.
    template <wait::Ending C>
    [[nodiscard]] bool arrive_and_wait(const C& ctx) {
        const wait::Until until = wait::Until::end_of(ctx);
        return !until.interrupted() && arrive(until);
    }

private:
    friend struct debug::Inspector;

    using Lock = wait::WordLock<std::int64_t>;
    static constexpr std::int64_t one = 2;

    struct Arrival : wait::Waiter {
        explicit Arrival(wait::Episode& e) noexcept : Waiter(e, nullptr) {}

        // The owner, when its wait has ended by itself: `coming` to take it back. The last to arrive: `counted`. If the
        // owner was coming it answers that it has `turned_back`, and touches the barrier no more. At last it may pass.
        enum class Step : std::uint8_t { waits, coming, counted, turned_back, passes };
        std::atomic<Step> step{Step::waits};
    };
    using Step = Arrival::Step;

    static constexpr std::int64_t checked(std::int64_t n) {
        if (n < 1 || n > INT64_MAX / one) throw std::invalid_argument("gofer: a Barrier is for one or more to arrive");
        return n;
    }

    bool arrive(wait::Until until) {
        base::EngineRegion engine;
        base::engine_release(&word_);
        const std::int64_t arrived = Lock::lock(word_) + one;
        if (arrived == parties_ * one) {
            base::engine_acquire(&word_); // all who came before; those we wake have it from us
            let_all_pass();
            return true;
        }
        if (until.over()) {
            Lock::unlock(word_);
            return false;
        }
        wait::Episode episode(until);
        Arrival self(episode);
        waiters_.push_back(self);
        word_.store(arrived | Lock::bit, std::memory_order_relaxed);
        episode.park(task::WaitReason::barrier, this, Lock::unlocker(word_));
        if (episode.ended() == wait::Ended::by_partner) return true;
        const bool passed = !take_back(self);
        episode.pass_unwind();
        return passed;
    }

    void let_all_pass() noexcept {
        wait::ReleaseList woken;
        wait::WaitList late; // whose wait has ended by itself
        woken.claim_all(waiters_, wait::Outcome::done, [&late](wait::Waiter& waiter) noexcept {
            count(static_cast<Arrival&>(waiter));
            late.push_back(waiter);
        });
        word_.store(0, std::memory_order_release);
        while (wait::Waiter* waiter = late.pop_front())
            static_cast<Arrival*>(waiter)->step.store(Step::passes, std::memory_order_release);
        woken.wake_all();
    }

    static void count(Arrival& arrival) noexcept {
        base::engine_release(&arrival);
        base::Backoff backoff;
        if (arrival.step.exchange(Step::counted, std::memory_order_acq_rel) == Step::waits) return;
        while (arrival.step.load(std::memory_order_acquire) != Step::turned_back) backoff.pause();
    }

    // False: it has been counted, and the barrier may be gone.
    bool take_back(Arrival& self) noexcept {
        base::Backoff backoff;
        auto step = Step::waits;
        if (self.step.compare_exchange_strong(step, Step::coming, std::memory_order_acq_rel)) {
            for (; self.step.load(std::memory_order_acquire) == Step::coming; backoff.pause()) {
                std::int64_t arrived = 0;
                if (!Lock::try_lock(word_, arrived)) continue;
                waiters_.remove(self); // whoever counts holds the lock until we have turned back
                word_.store(arrived - one, std::memory_order_release);
                return true;
            }
            self.step.store(Step::turned_back, std::memory_order_release);
        }
        while (self.step.load(std::memory_order_acquire) != Step::passes) backoff.pause();
        base::engine_acquire(&self);
        return false;
    }

    const std::int64_t parties_;
    std::atomic<std::int64_t> word_{0};
    wait::WaitList waiters_;
};

} // namespace gofer::inline v1

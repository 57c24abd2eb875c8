// Once: something that is done exactly once, however many ask for it. Go's sync.Once, with the exceptions of
// std::call_once.
//
// One word: done, "somebody does it", and the lock of the wait list. Done is set, and the list released, by one store
// after f has returned: the last touch. (The tempting version, a compare-and-swap and then f, lets the others go on
// before f has returned: Go, sync/once.go.)
// When f throws all waiters are woken and look again: handing the turn to one of them would lose it with a goroutine
// whose runtime ends meanwhile.
// Orders: call()'s load (acquire) pairs with the store (release) in finish().
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <gofer/wait/waiter.hpp>
#include <gofer/wait/word_lock.hpp>

namespace gofer::inline v1 {

class Once {
public:
    constexpr Once() noexcept = default;
    Once(const Once&) = delete;
    Once& operator=(const Once&) = delete;

    /// Calls f unless a call has been completed before. Blocks while another caller runs its f; when it returns, one
    /// has been completed. What f throws goes to its caller and leaves it not done: the next in turn calls its own f.
    /// An f that calls the same Once waits for itself for ever. Go's Once.Do.
    template <class F>
    void call(F&& f) {
        if (!done()) static_cast<void>(call_slow(wait::Until::forever(), f));
    }
    /// The same, but waits for another caller's f no longer than until the context ends: false, and it may not be done.
    template <wait::Ending C, class F>
    [[nodiscard]] bool call(const C& ctx, F&& f) {
        const wait::Until until = wait::Until::end_of(ctx);
        return !until.interrupted() && (done() || call_slow(until, f));
    }

private:
    using Lock = wait::WordLock<std::uint32_t>;
    static constexpr std::uint32_t running = 2;
    static constexpr std::uint32_t completed = 4;

    enum class Turn { mine, completed, gave_up };

    bool done() const noexcept { return word_.load(std::memory_order_acquire) & completed; }

    template <class F>
    [[gnu::noinline]] bool call_slow(wait::Until until, F& f) {
        const Turn turn = take_turn(until);
        if (turn != Turn::mine) return turn == Turn::completed;
        try {
            f();
        } catch (...) {
            finish(0, wait::Outcome::retry);
            throw;
        }
        finish(completed, wait::Outcome::done);
        return true;
    }

    Turn take_turn(wait::Until until) {
        base::EngineRegion engine;
        for (;;) {
            const std::uint32_t seen = Lock::lock(word_);
            if (!(seen & running)) {
                const std::uint32_t after = seen & completed ? seen : seen | running;
                word_.store(after, std::memory_order_release);
                base::engine_acquire(&word_);
                return seen & completed ? Turn::completed : Turn::mine;
            }
            wait::Episode episode(until);
            wait::Waiter self(episode, nullptr);
            waiters_.push_back(self);
            episode.park(task::WaitReason::once, this, Lock::unlocker(word_));
            if (episode.ended() != wait::Ended::by_partner) return give_up(self);
            if (self.outcome == wait::Outcome::done) return Turn::completed;
        }
    }

    Turn give_up(wait::Waiter& self) {
        Lock::lock(word_);
        waiters_.remove_if_linked(self);
        Lock::unlock(word_);
        self.episode->pass_unwind();
        return Turn::gave_up;
    }

    void finish(std::uint32_t after, wait::Outcome outcome) noexcept {
        base::EngineRegion engine;
        base::engine_release(&word_);
        wait::ReleaseList woken;
        Lock::lock(word_);
        woken.claim_all(waiters_, outcome);
        word_.store(after, std::memory_order_release);
        woken.wake_all();
    }

    std::atomic<std::uint32_t> word_{0};
    wait::WaitList waiters_;
};

} // namespace gofer::inline v1

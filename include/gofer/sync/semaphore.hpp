// Semaphore: n permits, of which a call may take several. Go's golang.org/x/sync/semaphore.Weighted.
//
// One word: the permits left from bit 2 up, "somebody waits" in bit 1, the lock of the wait list in bit 0. While that
// lock is held nobody else changes the word, so list and permits are released by one store: the last touch.
// - Uncontended: one compare-and-swap to acquire, one to release.
// - First come, first served: while somebody waits all others queue up behind, and released permits go to the front.
//   So a big acquire is not overtaken by small ones, however many there are.
// - One whose runtime has ended holds up nobody. Those behind it who live on are recalled (wait/recall.hpp), and pass
//   over it without leaving their places: until a recalled one has looked, released permits wait for it.
// - Permits go from the releaser straight to the waiter: those of a goroutine whose runtime ends before it can return
//   from acquire() are gone with it, like those of one that is abandoned while it holds some.
// Orders: the compare-and-swap (acquire) in take_now() pairs with that (release) in release() and the store of grant().
#pragma once

#include <atomic>
#include <cstdint>
#include <stdexcept>

#include <gofer/wait/company.hpp>
#include <gofer/wait/recall.hpp>
#include <gofer/wait/spin.hpp>
#include <gofer/wait/waiter.hpp>
#include <gofer/wait/word_lock.hpp>

namespace gofer::inline v1 {

class Semaphore {
public:
    /// All n permits are free. Throws std::invalid_argument when n is negative or over 2^61.
    constexpr explicit Semaphore(std::int64_t n) : limit_(checked(n)), word_(n * one) {}
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    /// Blocks until k permits are the caller's. Throws std::invalid_argument when k is more than there are at all, or
    /// negative. Go's Weighted.Acquire.
    void acquire(std::int64_t k = 1) {
        if (k > limit_) throw std::invalid_argument("gofer: Semaphore::acquire() of more permits than it has in all");
        if (!take_now(k)) static_cast<void>(block(k, wait::Until::forever()));
    }
    /// Blocks until k permits are the caller's (true) or the context has ended (false, none taken). More than there
    /// are at all: waits for the end of the context, and holds up no one.
    template <wait::Ending C>
    [[nodiscard]] bool acquire(const C& ctx, std::int64_t k = 1) {
        const wait::Until until = wait::Until::end_of(ctx);
        if (until.interrupted()) return false;
        return k > limit_ ? await_end(until) : take_now(k) || block(k, until);
    }

    /// Takes k permits if they are free and nobody waits. Never blocks.
    [[nodiscard]] bool try_acquire(std::int64_t k = 1) { return k <= limit_ && take_now(k); }
    /// Waits at most so long for k permits; false at once when k is more than there are at all.
    template <class Rep, class Period>
    [[nodiscard]] bool try_acquire_for(std::chrono::duration<Rep, Period> d, std::int64_t k = 1) {
        return k <= limit_ && (take_now(k) || block(k, wait::Until::after(d)));
    }
    template <class C, class D>
    [[nodiscard]] bool try_acquire_until(std::chrono::time_point<C, D> tp, std::int64_t k = 1) {
        return k <= limit_ && (take_now(k) || block(k, wait::Until::at(tp)));
    }

    /// Gives k permits back; any goroutine may. Never blocks. Throws std::logic_error when more come back than were
    /// taken (nothing is changed), std::invalid_argument when k is negative.
    void release(std::int64_t k = 1) {
        refuse_negative(k);
        std::int64_t seen = word_.load(std::memory_order_relaxed);
        while (!(seen & (Lock::bit | waiting))) {
            if (k > limit_ - left(seen)) refuse_release();
            if (word_.compare_exchange_weak(seen, seen + k * one, std::memory_order_release)) return;
        }
        release_slow(k);
    }

private:
    friend struct debug::Inspector;

    using Lock = wait::WordLock<std::int64_t>;
    static constexpr std::int64_t waiting = 2;
    static constexpr int count_shift = 2;
    static constexpr std::int64_t one = std::int64_t{1} << count_shift;

    struct Queued : wait::Waiter {
        Queued(wait::Episode& e, std::int64_t k, bool by_others) noexcept
            : Waiter(e, nullptr), wants(k), relies_on_others(by_others) {}
        std::int64_t wants;
        bool relies_on_others; // of those in front one may end before it
    };

    static constexpr std::int64_t left(std::int64_t word) noexcept { return word >> count_shift; }

    static constexpr std::int64_t checked(std::int64_t n) {
        if (n < 0 || n > left(INT64_MAX))
            throw std::invalid_argument("gofer: a Semaphore is made of 0 to 2^61 - 1 permits");
        return n;
    }
    static void refuse_negative(std::int64_t k) {
        if (k < 0) [[unlikely]]
            throw std::invalid_argument("gofer: a negative number of permits; use release() to give permits back");
    }
    [[noreturn, gnu::cold]] static void refuse_release() {
        throw std::logic_error("gofer: Semaphore::release() of more permits than were acquired");
    }

    bool take_now(std::int64_t k) {
        refuse_negative(k);
        base::Backoff backoff;
        std::int64_t seen = word_.load(std::memory_order_relaxed);
        while (!(seen & waiting) && left(seen) >= k) {
            if (seen & Lock::bit) {
                backoff.pause();
                seen = word_.load(std::memory_order_relaxed);
            } else if (word_.compare_exchange_weak(seen, seen - k * one, std::memory_order_acquire)) {
                return true;
            }
        }
        return false;
    }

    [[gnu::noinline]] bool block(std::int64_t k, wait::Until until) {
        if (until.over()) return false;
        const auto no_queue = [this] { return !(word_.load(std::memory_order_relaxed) & waiting); };
        if (wait::spin([this, k] { return take_now(k); }, no_queue)) return true;
        base::EngineRegion engine;
        const bool got = wait_in_list(k, until);
        if (got) base::engine_acquire(&word_); // whoever released, not only the one who woke us
        return got;
    }

    bool wait_in_list(std::int64_t k, wait::Until until) {
        const std::int64_t seen = Lock::lock(word_);
        drop_abandoned();
        if (waiters_.empty() && left(seen) >= k) {
            word_.store((left(seen) - k) * one, std::memory_order_release);
            return true;
        }
        const bool relies_on_others = someone_may_end_first();
        wait::Episode episode(until, relies_on_others);
        Queued self(episode, k, relies_on_others);
        waiters_.push_back(self);
        park(self, left(seen));
        while (episode.ended() == wait::Ended::by_recall) {
            const std::int64_t now = Lock::lock(word_);
            episode.begin_again(until);
            park(self, left(now));
        }
        if (episode.ended() == wait::Ended::by_partner) return true;
        const std::int64_t now = Lock::lock(word_);
        waiters_.remove_if_linked(self);
        grant(left(now)); // those behind may want less
        episode.pass_unwind();
        return false;
    }

    // Of those in line, before the caller does. If the last one relies on none in front of it that may end first, they
    // all end with that one or never.
    bool someone_may_end_first() const noexcept {
        const auto* last = static_cast<const Queued*>(waiters_.back());
        return last && (last->relies_on_others || wait::may_end_first(*last->episode));
    }

    // Releases the list. May end at once.
    void park(Queued& self, std::int64_t free) noexcept {
        const wait::Recall::Listed listed(*self.episode, self.relies_on_others);
        if (self.relies_on_others && takes_its_turn(self, free)) return;
        word_.store(free * one | waiting | Lock::bit, std::memory_order_relaxed);
        self.episode->park(task::WaitReason::semaphore, this, Lock::unlocker(word_));
    }

    // If only those who are gone have held it up. One that is recalled at this moment parks, and will look again.
    bool takes_its_turn(Queued& self, std::int64_t free) noexcept {
        drop_abandoned();
        if (waiters_.front() != &self || self.wants > free || !self.claim()) return false;
        waiters_.remove(self);
        grant(free - self.wants);
        return true;
    }

    /// More permits than there are: in no list, so that nobody queues up behind.
    [[gnu::noinline]] bool await_end(wait::Until until) {
        base::EngineRegion engine;
        wait::Episode episode(until, true);
        episode.park(task::WaitReason::semaphore, this, wait::Unlock::nothing());
        episode.pass_unwind();
        return false;
    }

    [[gnu::noinline]] void release_slow(std::int64_t k) {
        base::EngineRegion engine;
        base::engine_release(&word_);
        const std::int64_t free = left(Lock::lock(word_));
        if (k > limit_ - free) {
            Lock::unlock(word_);
            refuse_release();
        }
        grant(free + k);
    }

    // Gives the front of the list what it wants as long as there is enough, and releases the list: the last touch.
    void grant(std::int64_t free) noexcept {
        wait::WakeList woken;
        for (;;) {
            drop_abandoned();
            auto* first = static_cast<Queued*>(waiters_.front());
            if (!first || first->wants > free) break;
            waiters_.remove(*first);
            const std::int64_t wants = first->wants;
            if (const wait::Claimed claimed = first->claim()) {
                woken.add(claimed);
                free -= wants;
            } else if (first->episode->ended() == wait::Ended::by_recall) {
                waiters_.push_front(*first);
                break;
            }
        }
        word_.store(free * one | (waiters_.empty() ? 0 : waiting), std::memory_order_release);
        woken.wake_all();
    }

    // One that will not run again must not hold up those behind it.
    void drop_abandoned() noexcept {
        while (waiters_.front() && waiters_.front()->episode->abandoned()) waiters_.pop_front();
    }

    const std::int64_t limit_;
    std::atomic<std::int64_t> word_;
    wait::WaitList waiters_;
};

} // namespace gofer::inline v1

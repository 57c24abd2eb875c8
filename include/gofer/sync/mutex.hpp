// Mutex: mutual exclusion between goroutines and plain threads. Go's sync.Mutex, with the C++ TimedLockable names.
//
// One word: locked, "somebody waits", "somebody was woken and is on the way", "somebody starves", and the lock of the
// wait list.
// - Uncontended, and used by one worker for a thousand times: biased towards it, so that locking and unlocking are plain
//   loads and stores (sched/bias.hpp; 1.5 ns for both instead of 11). Whoever else comes ends the bias, under the lock of
//   the list, so where somebody waits there is none.
// - Uncontended else: one compare-and-swap to lock, one to unlock, each from the value the word is expected to have. A look
//   at it first would have to wait for the compare-and-swap before it: 23 ns for both, and 15 without (an Intel Xeon).
//   Where goroutines wait it would be a guess that fails, so a flag beside the word says whether any does.
// - Normal: a released mutex is free for whoever comes first, since the one who runs now gets through without a
//   switch. One waiter at most is woken and on the way; until it has tried again, releasing costs no more than
//   without waiters. A waiter spins shortly before it parks.
// - Starving: a waiter that tries again in vain after over 1 ms turns barging off; the mutex is handed to the waiters
//   in order until one of them has waited less (Go, sync/mutex.go, "starvation mode").
// - The one that was woken may belong to a runtime that ends before it can try again. So a Mutex at which waiters of
//   such a runtime have met others does not rely on "on the way": whoever comes to wait clears it, and waits so that
//   the end of a runtime makes it look again (wait/recall.hpp). Those in the list who know nothing of that stand
//   ahead of the first stranger, so they need not; hence nobody gets to the front there. One that gets a starving mutex
//   handed over and is abandoned then has it for ever, like one that is abandoned while it holds it.
// - The store that releases the mutex is the last touch: the next owner may destroy it. While the lock of the list is
//   held nobody else changes the word, so list and mutex are released by one store.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <gofer/base/fatal.hpp>
#include <gofer/sched/bias.hpp>
#include <gofer/sync/owner.hpp>
#include <gofer/wait/company.hpp>
#include <gofer/wait/recall.hpp>
#include <gofer/wait/spin.hpp>
#include <gofer/wait/waiter.hpp>
#include <gofer/wait/word_lock.hpp>

namespace gofer::inline v1 {

class Mutex {
public:
    constexpr Mutex() noexcept = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    /// Blocks until the mutex is the caller's.
    void lock() {
        if (bias_.on()) {
            if (bias_.lock()) [[likely]]
                return owner_.note();
        } else if (swap_if_calm(0, locked, std::memory_order_acquire)) [[likely]] {
            return got_by_word();
        }
        if (!try_lock()) static_cast<void>(lock_slow(wait::Until::forever()));
    }

    [[nodiscard]] bool try_lock() noexcept {
        if (bias_.on() && bias_.lock()) {
            owner_.note();
            return true;
        }
        std::uint32_t seen = word_.load(std::memory_order_relaxed);
        while (!(seen & (locked | starving))) {
            if (seen & biased) {
                if (bias_.is_here()) return false;
                seen = end_bias();
                continue;
            }
            seen &= ~Lock::bit; // a list that is locked is unlocked within nanoseconds
            if (!word_.compare_exchange_weak(seen, seen | locked, std::memory_order_acquire)) continue;
            got_by_word();
            return true;
        }
        return false;
    }
    /// Blocks until the mutex is the caller's (true) or the context has ended (false).
    template <wait::Ending C>
    [[nodiscard]] bool lock(const C& ctx) {
        const wait::Until until = wait::Until::end_of(ctx);
        return !until.interrupted() && (try_lock() || lock_slow(until));
    }
    /// The same under the name that goes with the timed forms.
    template <wait::Ending C>
    [[nodiscard]] bool try_lock(const C& ctx) {
        return lock(ctx);
    }

    /// Waits at most so long for the mutex; zero or less: not at all.
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_for(std::chrono::duration<Rep, Period> d) {
        return try_lock() || try_until(wait::Until::after(d));
    }
    template <class C, class D>
    [[nodiscard]] bool try_lock_until(std::chrono::time_point<C, D> tp) {
        return try_lock() || try_until(wait::Until::at(tp));
    }

    /// Any goroutine may unlock. Unlocking a mutex that is not locked is a fatal error.
    void unlock() {
        if (bias_.on() ? bias_.unlock() : swap_if_calm(locked, 0, std::memory_order_release)) [[likely]]
            return;
        unlock_anyhow();
    }

private:
    friend struct debug::Inspector;

    using Lock = wait::WordLock<std::uint32_t>;
    static constexpr std::uint32_t locked = 2;
    static constexpr std::uint32_t has_waiters = 4;
    static constexpr std::uint32_t woken = 8;
    static constexpr std::uint32_t starving = 16;
    static constexpr std::uint32_t biased = 32; // then alone, but for the lock of the list; `locked` is the bias's
    static constexpr std::int64_t starving_after_ns = 1'000'000;

    struct Queued : wait::Waiter {
        explicit Queued(wait::Episode& e) noexcept : Waiter(e, nullptr) {}
        bool handed_over = false;
    };

    static bool nobody_to_wake(std::uint32_t word) noexcept {
        return (word & locked) && (!(word & has_waiters) || (word & (woken | starving)) == woken);
    }

    [[gnu::always_inline]] bool swap_if_calm(std::uint32_t from, std::uint32_t to, std::memory_order order) noexcept {
        return !waited_for_.load(std::memory_order_relaxed) &&
               word_.compare_exchange_strong(from, to, order, std::memory_order_relaxed);
    }

    [[gnu::always_inline]] void got_by_word() noexcept {
        owner_.note();
        if (bias_.count()) [[unlikely]]
            give_bias();
    }
    [[gnu::noinline]] void give_bias() noexcept {
        bias_.give([this] {
            std::uint32_t seen = locked; // and nobody waits
            return word_.compare_exchange_strong(seen, biased, std::memory_order_acq_rel);
        });
    }

    // Takes the lock of the list. Whoever has it finds no bias.
    std::uint32_t lock_list() noexcept {
        const std::uint32_t seen = Lock::lock(word_);
        if (!(seen & biased)) [[likely]]
            return seen;
        const std::uint32_t unbiased = bias_.take_back() ? locked : 0;
        base::engine_release(&word_);
        word_.store(unbiased | Lock::bit, std::memory_order_relaxed);
        return unbiased;
    }
    [[gnu::noinline]] std::uint32_t end_bias() noexcept {
        base::EngineRegion engine;
        const std::uint32_t seen = lock_list();
        Lock::unlock(word_);
        return seen;
    }

    bool try_until(wait::Until until) { return !until.over() && lock_slow(until); }

    bool spin() noexcept {
        return wait::spin([this] { return try_lock(); });
    }

    [[gnu::noinline]] bool lock_slow(wait::Until until) {
        if (spin()) return true;
        const std::int64_t since = base::now_ns();
        for (bool was_woken = false;; was_woken = true) {
            if (was_woken && spin()) {
                base::EngineRegion engine;
                Lock::lock(word_); // whoever holds the list's lock changes the word by plain stores
                Lock::unlock(word_, woken);
                return true;
            }
            const Turn turn = wait_once(until, since, was_woken);
            if (turn == Turn::got) owner_.note();
            if (turn != Turn::again) return turn == Turn::got;
        }
    }

    enum class Turn { again, got, timed_out };
    using Company = wait::Company::Kind;

    // Takes the mutex if it is free, else waits in the list until woken or until it is handed over.
    Turn wait_once(wait::Until until, std::int64_t since, bool was_woken) {
        base::EngineRegion engine;
        std::uint32_t seen = lock_list();
        if (was_woken) seen &= ~woken;
        if (!(seen & (locked | starving))) {
            word_.store(seen | locked, std::memory_order_release);
            base::engine_acquire(&word_);
            return Turn::got;
        }
        const Company company = company_.join(waiters_.empty() && !(seen & woken));
        if (company != Company::alike) seen &= ~woken;
        wait::Episode episode(until, company != Company::alike);
        Queued self(episode);
        if (was_woken && company == Company::alike)
            waiters_.push_front(self);
        else
            waiters_.push_back(self);
        waited_for_.store(true, std::memory_order_relaxed);
        if (was_woken && base::now_ns() - since > starving_after_ns) seen |= starving;
        word_.store(seen | has_waiters | Lock::bit, std::memory_order_relaxed);
        park(episode, company);
        if (episode.ended() != wait::Ended::by_partner) {
            leave_list(self);
            episode.pass_unwind();
            return episode.ended() == wait::Ended::by_recall ? Turn::again : Turn::timed_out;
        }
        if (!self.handed_over) return Turn::again;
        if (base::now_ns() - since < starving_after_ns) {
            Lock::lock(word_);
            Lock::unlock(word_, starving);
        }
        return Turn::got;
    }

    void park(wait::Episode& episode, Company company) noexcept {
        const wait::Recall::Listed listed(episode, company != Company::alike);
        episode.park(task::WaitReason::mutex, this, Lock::unlocker(word_));
    }

    void leave_list(Queued& self) noexcept {
        Lock::lock(word_);
        waiters_.remove_if_linked(self);
        note_if_empty();
        Lock::unlock(word_, waiters_.empty() ? has_waiters | starving : 0);
    }

    // Under the lock of the list.
    void note_if_empty() noexcept {
        if (waiters_.empty()) waited_for_.store(false, std::memory_order_relaxed);
    }

    [[gnu::noinline]] void unlock_anyhow() {
        std::uint32_t seen = word_.load(std::memory_order_relaxed);
        while (nobody_to_wake(seen)) {
            seen &= ~Lock::bit;
            if (word_.compare_exchange_weak(seen, seen & ~locked, std::memory_order_release)) return;
        }
        unlock_slow();
    }

    void unlock_slow() {
        base::EngineRegion engine;
        base::engine_release(&word_);
        const std::uint32_t seen = lock_list();
        if (!(seen & locked)) unlocked_twice();
        std::uint32_t after = seen & (woken | starving);
        wait::Claimed next;
        if (!(seen & woken) || (seen & starving)) {
            wait::Waiter* waiter = nullptr;
            next = wait::claim_first(waiters_, waiter);
            if (next && (seen & starving)) {
                static_cast<Queued*>(waiter)->handed_over = true;
                after |= locked;
            } else if (next) {
                after |= woken;
            }
        }
        note_if_empty();
        if (waiters_.empty())
            after &= ~starving;
        else
            after |= has_waiters;
        word_.store(after, std::memory_order_release); // the last touch
        next.wake();
    }

    [[noreturn, gnu::cold]] static void unlocked_twice() noexcept {
        base::fatal("gofer: unlock of a Mutex that is not locked; call unlock() once for each lock(), best by "
                    "std::lock_guard or std::unique_lock");
    }

    std::atomic<std::uint32_t> word_{0};
    std::atomic<bool> waited_for_{false}; // a hint: whether the list has somebody; written under its lock
    sched::Bias bias_; // beside the word, in the same line of the cache
    wait::Company company_; // of those who wait, and of the one on the way
    wait::WaitList waiters_;
    sync::Owner owner_;
};

} // namespace gofer::inline v1

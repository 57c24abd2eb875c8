// RWMutex: any number of readers at once, or one writer. Go's sync.RWMutex, with the C++ SharedTimedMutex names.
//
// One word: the number of readers from bit 3 up, "somebody waits", "a writer has it", and the lock of the two wait
// lists. While that lock is held nobody else changes the word, so lists and mutex are released by one store, and that
// store is the last touch: the next owner may destroy it.
// - Uncontended: one compare-and-swap to lock and one to unlock, on either side.
// - "Somebody waits" bars the fast way in: a waiting writer holds back new readers, so it waits for those alone that
//   are in already.
// - Phases (Go; Brandenburg and Anderson, "Spin-based reader-writer synchronization for multiprocessor real-time
//   systems", phase-fair locks): a writer that leaves lets in all readers that wait, the last reader that leaves lets
//   in the writer that came first; one that gives up while it is the first lets in the readers, too. So a reader waits
//   for one writer at most, a writer for those before it and as many phases of readers. The mutex is handed over, never
//   up for grabs while somebody waits. (One that gets it and is abandoned before it runs has it for ever, like one that
//   is abandoned while it holds it.)
// - Somebody waits only while it is held, and readers wait only while a writer has it or waits for it.
// - A writer whose runtime has ended holds back nobody. A reader relies on the first writer in line and on no other; if
//   that one's runtime may end before the reader, this is recalled (wait/recall.hpp), and looks for whom to wait now.
// - TSan sees none of the atomics: readers must not seem ordered among themselves, or a race between two of them would
//   be hidden. The true edges are given by hand: &writers_ stands for what writers have done, &readers_ for readers.
// Orders: the compare-and-swap (acquire) in take_now() pairs with those (release) of the unlocks and the store of
// admit().
#pragma once

#include <atomic>
#include <cstdint>

#include <gofer/base/fatal.hpp>
#include <gofer/sync/owner.hpp>
#include <gofer/wait/company.hpp>
#include <gofer/wait/recall.hpp>
#include <gofer/wait/spin.hpp>
#include <gofer/wait/waiter.hpp>
#include <gofer/wait/word_lock.hpp>

namespace gofer::inline v1 {

class RWMutex {
public:
    constexpr RWMutex() noexcept = default;
    RWMutex(const RWMutex&) = delete;
    RWMutex& operator=(const RWMutex&) = delete;

    /// Blocks until the mutex is the caller's alone. From now on new readers wait until the caller has had it.
    void lock() {
        if (!take<Writer>()) [[unlikely]]
            static_cast<void>(block<Writer>(wait::Until::forever()));
    }
    [[nodiscard]] bool try_lock() noexcept { return take<Writer>(); }
    /// Waits at most so long; zero or less: not at all.
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_for(std::chrono::duration<Rep, Period> d) {
        return take<Writer>() || block<Writer>(wait::Until::after(d));
    }
    template <class C, class D>
    [[nodiscard]] bool try_lock_until(std::chrono::time_point<C, D> tp) {
        return take<Writer>() || block<Writer>(wait::Until::at(tp));
    }
    /// Blocks until the mutex is the caller's alone (true) or the context has ended (false).
    template <wait::Ending C>
    [[nodiscard]] bool lock(const C& ctx) {
        return block_unless_ended<Writer>(wait::Until::end_of(ctx));
    }
    template <wait::Ending C>
    [[nodiscard]] bool try_lock(const C& ctx) {
        return lock(ctx);
    }
    /// Any goroutine may unlock. Unlocking what is not locked for writing is a fatal error.
    void unlock() {
        base::tsan_release(&writers_);
        base::EngineRegion engine;
        std::uint32_t seen = writing;
        if (!word_.compare_exchange_strong(seen, 0, std::memory_order_release)) [[unlikely]]
            unlock_slow();
    }

    /// Blocks until the caller may read, beside other readers. A reader that locks once more while a writer waits
    /// between waits for ever, as in Go.
    void lock_shared() {
        if (!take<Reader>()) [[unlikely]]
            static_cast<void>(block<Reader>(wait::Until::forever()));
    }
    [[nodiscard]] bool try_lock_shared() noexcept { return take<Reader>(); }
    /// Waits at most so long; zero or less: not at all.
    template <class Rep, class Period>
    [[nodiscard]] bool try_lock_shared_for(std::chrono::duration<Rep, Period> d) {
        return take<Reader>() || block<Reader>(wait::Until::after(d));
    }
    template <class C, class D>
    [[nodiscard]] bool try_lock_shared_until(std::chrono::time_point<C, D> tp) {
        return take<Reader>() || block<Reader>(wait::Until::at(tp));
    }
    /// Blocks until the caller may read (true) or the context has ended (false).
    template <wait::Ending C>
    [[nodiscard]] bool lock_shared(const C& ctx) {
        return block_unless_ended<Reader>(wait::Until::end_of(ctx));
    }
    template <wait::Ending C>
    [[nodiscard]] bool try_lock_shared(const C& ctx) {
        return lock_shared(ctx);
    }
    /// Any goroutine may unlock. Unlocking what is not locked for reading is a fatal error.
    void unlock_shared() {
        base::tsan_release(&readers_);
        base::EngineRegion engine;
        std::uint32_t seen = word_.load(std::memory_order_relaxed);
        while (seen >= one_reader && !(seen & (Lock::bit | waiting)))
            if (word_.compare_exchange_weak(seen, seen - one_reader, std::memory_order_release)) return;
        unlock_shared_slow();
    }

private:
    friend struct debug::Inspector;

    using Lock = wait::WordLock<std::uint32_t>;
    static constexpr std::uint32_t writing = 2;
    static constexpr std::uint32_t waiting = 4;
    static constexpr std::uint32_t one_reader = 8;

    struct Writer {
        static constexpr bool is_writer = true;
        static constexpr auto reason = task::WaitReason::write_lock;
        static wait::WaitList& list(RWMutex& m) noexcept { return m.writers_; }
        static bool may_enter(std::uint32_t word) noexcept { return word == 0; }
        static std::uint32_t entered(std::uint32_t word) noexcept { return word | writing; }
    };
    struct Reader {
        static constexpr bool is_writer = false;
        static constexpr auto reason = task::WaitReason::read_lock;
        static wait::WaitList& list(RWMutex& m) noexcept { return m.readers_; }
        static bool may_enter(std::uint32_t word) noexcept { return !(word & (writing | waiting)); }
        static std::uint32_t entered(std::uint32_t word) noexcept { return word + one_reader; }
    };

    template <class Side>
    bool take() noexcept {
        if (!take_now<Side>()) return false;
        entered<Side>();
        return true;
    }

    template <class Side>
    bool take_now() noexcept {
        base::EngineRegion engine;
        base::Backoff backoff;
        std::uint32_t seen = word_.load(std::memory_order_relaxed);
        while (Side::may_enter(seen & ~Lock::bit)) {
            if (seen & Lock::bit) {
                backoff.pause();
                seen = word_.load(std::memory_order_relaxed);
            } else if (word_.compare_exchange_weak(seen, Side::entered(seen), std::memory_order_acquire)) {
                return true;
            }
        }
        return false;
    }

    template <class Side>
    void entered() noexcept {
        base::tsan_acquire(&writers_);
        if constexpr (!std::is_same_v<Side, Writer>) return;
        base::tsan_acquire(&readers_);
        writer_.note();
    }

    template <class Side>
    bool block_unless_ended(wait::Until until) {
        return !until.interrupted() && (take<Side>() || block<Side>(until));
    }

    template <class Side>
    [[gnu::noinline]] bool block(wait::Until until) {
        if (until.over()) return false;
        Turn turn = spin<Side>() ? Turn::got : Turn::again;
        while (turn == Turn::again) turn = wait_in_list<Side>(until);
        if (turn == Turn::gave_up) return false;
        entered<Side>();
        return true;
    }

    // Once somebody waits it is handed over, and there is nothing to be had by trying.
    template <class Side>
    bool spin() noexcept {
        base::EngineRegion engine;
        return wait::spin([this] { return take_now<Side>(); },
                          [this] { return !(word_.load(std::memory_order_relaxed) & waiting); });
    }

    enum class Turn { again, got, gave_up };

    template <class Side>
    Turn wait_in_list(wait::Until until) {
        base::EngineRegion engine;
        std::uint32_t seen = Lock::lock(word_);
        const wait::Waiter* first = Side::is_writer ? nullptr : writers_.front();
        const bool relies_on_first = first && wait::may_end_first(*first->episode);
        wait::Episode episode(until, relies_on_first);
        const wait::Recall::Listed listed(episode, relies_on_first);
        seen = without_abandoned(seen);
        // (One that is recalled at this moment parks, and looks again.)
        if (Side::may_enter(seen) && (!relies_on_first || episode.claim(wait::Ended::by_partner))) {
            admit(Side::entered(seen), readers_after_writer); // and readers whom one of those has held up
            return Turn::got;
        }
        wait::Waiter self(episode, nullptr);
        Side::list(*this).push_back(self);
        word_.store(seen | waiting | Lock::bit, std::memory_order_relaxed);
        episode.park(Side::reason, this, Lock::unlocker(word_));
        if (episode.ended() == wait::Ended::by_partner) return Turn::got;
        const std::uint32_t now = without_abandoned(Lock::lock(word_));
        const Order order = writers_.front() == &self ? readers_first : readers_after_writer;
        Side::list(*this).remove_if_linked(self);
        admit(now & ~waiting, order);
        episode.pass_unwind();
        return episode.ended() == wait::Ended::by_recall ? Turn::again : Turn::gave_up;
    }

    // A writer that will not run again must not hold back readers.
    void drop_abandoned() noexcept {
        while (writers_.front() && writers_.front()->episode->abandoned()) writers_.pop_front();
    }
    // The word, without "somebody waits" if it was only such writers.
    std::uint32_t without_abandoned(std::uint32_t word) noexcept {
        drop_abandoned();
        return writers_.empty() && !(word & writing) ? word & ~waiting : word;
    }

    [[gnu::noinline]] void unlock_slow() noexcept {
        const std::uint32_t seen = Lock::lock(word_);
        if (!(seen & writing))
            base::fatal("gofer: unlock of an RWMutex that is not locked for writing; %s",
                        seen >= one_reader ? "readers have it: end lock_shared() with unlock_shared()"
                                           : "call unlock() once for each lock(), best by std::unique_lock");
        admit(0, readers_first);
    }

    [[gnu::noinline]] void unlock_shared_slow() noexcept {
        const std::uint32_t seen = Lock::lock(word_);
        if (seen < one_reader)
            base::fatal("gofer: unlock_shared of an RWMutex that is not locked for reading; %s",
                        seen & writing ? "a writer has it: end lock() with unlock()"
                                       : "call unlock_shared() once for each lock_shared(), best by std::shared_lock");
        admit((seen & ~waiting) - one_reader, readers_after_writer);
    }

    enum Order : bool { readers_after_writer, readers_first };

    // `held` is who has it now. Lets in whose turn it is, and releases the lock of the lists with it: the last touch.
    void admit(std::uint32_t held, Order order) noexcept {
        wait::WakeList woken;
        drop_abandoned();
        if (!held && order != readers_first) held = admit_writer(woken);
        if (!(held & writing) && (order == readers_first || writers_.empty())) held += admit_readers(woken);
        if (!held) held = admit_writer(woken);
        const bool alone = readers_.empty() && writers_.empty();
        word_.store(alone ? held : held | waiting, std::memory_order_release);
        woken.wake_all();
    }

    std::uint32_t admit_writer(wait::WakeList& woken) noexcept {
        wait::Waiter* writer = nullptr;
        const wait::Claimed claimed = wait::claim_first(writers_, writer);
        if (!claimed) return 0;
        woken.add(claimed);
        return writing;
    }

    std::uint32_t admit_readers(wait::WakeList& woken) noexcept {
        std::uint32_t admitted = 0;
        while (wait::Waiter* reader = readers_.pop_front())
            if (const wait::Claimed claimed = reader->claim()) {
                woken.add(claimed);
                admitted += one_reader;
            }
        return admitted;
    }

    std::atomic<std::uint32_t> word_{0};
    wait::WaitList readers_;
    wait::WaitList writers_;
    sync::Owner writer_;
};

} // namespace gofer::inline v1

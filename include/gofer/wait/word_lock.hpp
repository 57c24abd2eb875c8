// A lock that is one bit of the word it guards, for primitives that may be destroyed while the call that woke the
// last waiter has not yet returned: the store that releases the lock is the last touch of the object.
#pragma once

#include <atomic>
#include <cstdint>

#include <gofer/base/spin_lock.hpp>
#include <gofer/wait/episode.hpp>

namespace gofer::inline v1::wait {

template <class Word>
class WordLock {
public:
    static constexpr Word bit = 1;

    /// Takes the lock, setting `also` with it. Returns the word as it was, without the lock bit.
    static Word lock(std::atomic<Word>& word, Word also = 0) noexcept {
        base::Backoff backoff;
        for (;;) {
            Word seen = word.load(std::memory_order_relaxed);
            if (!(seen & bit) && word.compare_exchange_weak(seen, seen | bit | also, std::memory_order_acq_rel))
                return seen;
            if (seen & bit) backoff.pause();
        }
    }
    /// Takes the lock if it is free, and tells the word as it was.
    static bool try_lock(std::atomic<Word>& word, Word& seen) noexcept {
        seen = word.load(std::memory_order_relaxed);
        return !(seen & bit) && word.compare_exchange_strong(seen, seen | bit, std::memory_order_acq_rel);
    }
    /// Releases the lock, clearing `also` with it.
    static void unlock(std::atomic<Word>& word, Word also = 0) noexcept {
        word.fetch_and(static_cast<Word>(~(bit | also)), std::memory_order_release);
    }
    static Unlock unlocker(std::atomic<Word>& word) noexcept {
        return {[](void* w, fiber::Fiber*) { unlock(*static_cast<std::atomic<Word>*>(w)); }, &word,
                [](void* w) noexcept { lock(*static_cast<std::atomic<Word>*>(w)); }};
    }
};

} // namespace gofer::inline v1::wait

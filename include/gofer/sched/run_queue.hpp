// The runnable goroutines of one worker. A place for the one that runs next, and two rings, under one lock:
//
// - `next` is what was made ready last: it runs next, while its data is in the cache. Thieves leave it alone unless
//   its worker takes no turns.
// - `stack` is last in, first out: what was spawned last runs first, depth first, so that a tree of goroutines has
//   as many of them alive as the tree is deep and not as it is wide.
// - `line` is first in, first out: those that yielded, that were released many at a time, or were to run next when
//   another one became ready.
//
// The owner pops `next`, the newest of `stack`, then the oldest of `line`; every 16th turn the oldest of `line` first,
// and once in a while (the leash, by the clock) the oldest of either ring, so that nothing starves. Thieves take
// half, oldest first: in a tree the oldest is the largest. Only the owner adds.
// What a hand-over between two goroutines passes through is inlined by force: gcc would not, in a large program, and calls
// were a tenth of its instructions (tests/instructions). Not for pop() as the loop calls it: there it cost instructions.
// A lock biased towards the owner and not a Chase-Lev deque: its pop needs a full fence each time, where this lock
// needs none, and the lock lets a whole batch be spliced and three places be looked at in one step.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <gofer/base/asymmetric_lock.hpp>
#include <gofer/base/prefetch.hpp>
#include <gofer/sched/crowd.hpp>
#include <gofer/sched/ring.hpp>

namespace gofer::inline v1::sched {

class RunQueue {
public:
    /// May be read by anyone, as a hint: how many stand in the rings, which is the oldest, and who is next.
    std::uint32_t size() const noexcept {
        const std::uint64_t sizes = sizes_.load(std::memory_order_relaxed);
        return static_cast<std::uint32_t>(sizes >> 32) + static_cast<std::uint32_t>(sizes);
    }
    /// Of those, how many were pushed and not put in line.
    std::uint32_t pushed() const noexcept {
        return static_cast<std::uint32_t>(sizes_.load(std::memory_order_relaxed) >> 32);
    }
    std::uint32_t oldest_number() const noexcept { return oldest_.load(std::memory_order_relaxed); }
    Runnable next() const noexcept { return next_.load(std::memory_order_relaxed); }
    bool empty() const noexcept { return sizes_.load(std::memory_order_relaxed) == 0 && !next(); }

    void push(Runnable r) noexcept {
        lock_.lock();
        stack_.push(r);
        unlock();
    }
    /// Runs next; what was to run next goes to the end of the line.
    [[gnu::always_inline]] void push_next(Runnable r) noexcept {
        lock_.lock();
        const Runnable displaced = next();
        next_.store(r, std::memory_order_relaxed);
        if (!displaced) return lock_.unlock();
        put_in_line(displaced);
    }
    void push_in_line(Runnable r) noexcept {
        lock_.lock();
        line_.push(r);
        unlock();
    }
    void push_in_line_all(Crowd& crowd) noexcept {
        lock_.lock();
        crowd.join(line_);
        unlock();
    }

    Runnable pop() noexcept {
        lock_.lock();
        Runnable r = next();
        if (r) {
            next_.store(Runnable{}, std::memory_order_relaxed);
            lock_.unlock();
            return r;
        }
        r = !stack_.empty() ? stack_.pop_newest() : take_oldest(line_);
        unlock();
        return r;
    }
    /// The same for a goroutine that parks: there `next` is what it will be, most of the time.
    [[gnu::always_inline]] Runnable pop_parking() noexcept {
        if (!next()) return pop();
        lock_.lock();
        const Runnable r = next();
        next_.store(Runnable{}, std::memory_order_relaxed);
        lock_.unlock();
        return r ? r : pop(); // a thief may have been here since the look
    }

    /// The two halves of pop(), for a stand-in, which keeps those apart that are in the stack. In the first the line
    /// comes before the next one in every other turn.
    Runnable pop_resumed() noexcept {
        lock_.lock();
        prefer_line_ = !prefer_line_;
        Runnable r = prefer_line_ ? take_oldest(line_) : Runnable{};
        if (!r) r = next_.exchange(Runnable{}, std::memory_order_relaxed);
        if (!r) r = take_oldest(line_);
        unlock();
        return r;
    }
    Runnable pop_oldest_pushed() noexcept {
        lock_.lock();
        const Runnable r = take_oldest(stack_);
        unlock();
        return r;
    }
    Runnable pop_pushed() noexcept {
        lock_.lock();
        const Runnable r = stack_.empty() ? Runnable{} : stack_.pop_newest();
        unlock();
        return r;
    }

    /// The calling goroutine stands in line, and the next one to run is taken, in one step. The lock stays held: no
    /// thief may find it in the line before it is suspended. release() comes after the switch, on the same thread.
    /// Nothing, and the lock is free, when there is nobody else (a thief may have been here since the caller looked).
    Runnable exchange_and_hold(Runnable self) noexcept {
        lock_.lock();
        Runnable r = next();
        if (r)
            next_.store(Runnable{}, std::memory_order_relaxed);
        else
            r = !stack_.empty() ? stack_.pop_newest() : take_oldest(line_);
        if (r) line_.push(self);
        publish();
        if (!r) lock_.unlock();
        return r;
    }
    void release() noexcept { lock_.unlock(); }

    /// Before the worker sleeps.
    void shed() noexcept {
        lock_.lock();
        stack_.shed();
        line_.shed();
        lock_.unlock();
    }

    /// The turn of those in line, before whoever is to run next.
    Runnable pop_line() noexcept {
        if (line_.empty()) return {};
        lock_.lock();
        const Runnable r = take_oldest(line_);
        unlock();
        return r;
    }

    /// The turn of those who waited longest, of each ring in alternation.
    Runnable pop_fair() noexcept {
        if (size() == 0) return {};
        lock_.lock();
        prefer_line_ = !prefer_line_;
        Runnable r = take_oldest(prefer_line_ ? line_ : stack_);
        if (!r) r = take_oldest(prefer_line_ ? stack_ : line_);
        unlock();
        return r;
    }

    /// For thieves: takes up to half of the rings, at most `most`, oldest first.
    std::uint32_t steal(Runnable* out, std::uint32_t most) noexcept {
        if (size() == 0 || !lock_.visit()) return 0;
        std::uint32_t wanted = (stack_.size() + line_.size() + 1) / 2;
        if (wanted > most) wanted = most;
        std::uint32_t taken = 0;
        while (taken < wanted && !stack_.empty()) out[taken++] = stack_.pop_oldest();
        while (taken < wanted && !line_.empty()) out[taken++] = line_.pop_oldest();
        publish();
        lock_.leave();
        return taken;
    }
    /// For stand-ins of a stuck worker: takes all, at most `most`, who is next first.
    std::uint32_t take_all(Runnable* out, std::uint32_t most) noexcept {
        if (empty() || !lock_.visit()) return 0;
        std::uint32_t taken = 0;
        if (next()) out[taken++] = next_.exchange(Runnable{}, std::memory_order_relaxed);
        while (taken < most && !line_.empty()) out[taken++] = line_.pop_oldest();
        while (taken < most && !stack_.empty()) out[taken++] = stack_.pop_oldest();
        publish();
        lock_.leave();
        return taken;
    }
    /// For thieves: takes the next one if it still is `expected`.
    bool steal_next(Runnable expected) noexcept {
        if (!lock_.visit()) return false;
        const bool same = next() == expected;
        if (same) next_.store(Runnable{}, std::memory_order_relaxed);
        lock_.leave();
        return same;
    }

private:
    [[gnu::noinline]] void put_in_line(Runnable r) noexcept {
        line_.push(r);
        unlock();
    }
    static Runnable take_oldest(Ring& ring) noexcept {
        if (ring.empty()) return {};
        const Runnable r = ring.pop_oldest();
        if (ring.size() >= long_line) [[unlikely]]
            fetch_ahead(ring);
        return r;
    }

    // A long line has left the cache: each of its goroutines would wait for a dozen lines of memory one after the other.
    // So they are fetched some turns ahead, the record first, which tells where the frames are. Half of the time of a
    // release of 10,000, a third of that of 100,000 sleepers. One that has yielded needs little of that, and 1000 of them
    // stay in the second level of the cache, from which each line costs time, too: all of it took them from 28 ns to 33,
    // what they need to 25. Four turns and two are enough (seven and three: 1.05 of the sleepers' time; three and one, too).
    static constexpr std::uint32_t long_line = 32;
    static constexpr std::uint32_t records_ahead = 4;
    static constexpr std::uint32_t frames_ahead = 2;
    static constexpr std::size_t frames_of_a_wait = 512;
    static constexpr std::size_t frames_of_a_yield = 128;
    static constexpr std::size_t record_of_a_yield = 128;
    [[gnu::noinline]] static void fetch_ahead(const Ring& ring) noexcept {
        const Runnable far = ring.behind_oldest(records_ahead);
        if (!far.is_task()) base::prefetch(far.goroutine(), record_of_a_yield);
        const Runnable near = ring.behind_oldest(frames_ahead);
        if (near.is_task()) return;
        const Goroutine& g = *near.goroutine();
        const bool yielded = g.reason.load(std::memory_order_relaxed) == task::WaitReason::none;
        base::prefetch(g.context.load(std::memory_order_relaxed), yielded ? frames_of_a_yield : frames_of_a_wait);
        if (!yielded) base::prefetch(&g.on_abandon, sizeof g.on_abandon);
    }

    void publish() noexcept {
        sizes_.store(std::uint64_t{stack_.size()} << 32 | line_.size(), std::memory_order_relaxed);
        oldest_.store(stack_.oldest_number() + line_.oldest_number(), std::memory_order_relaxed);
    }
    void unlock() noexcept {
        publish();
        lock_.unlock();
    }

    base::AsymmetricLock lock_;
    bool prefer_line_ = false;
    std::atomic<Runnable> next_{Runnable{}};
    Ring stack_;
    Ring line_;
    std::atomic<std::uint64_t> sizes_{0}; // of the stack, in the upper half, and of the line
    std::atomic<std::uint32_t> oldest_{0};
};

} // namespace gofer::inline v1::sched

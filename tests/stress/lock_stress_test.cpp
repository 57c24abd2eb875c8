// The locks under random use: plain, tried, timed and ended calls, holders that park, all at once.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/interrupts.hpp"
#include "../support/random.hpp"

using fixture::Dice;

namespace {

/// A context that ends soon, somewhere in the middle of the wait or before it.
template <class Call>
bool with_context(Dice& dice, Call call) {
    fixture::Trigger trigger;
    gofer::WaitGroup ended;
    if (dice.one_in(8)) trigger.fire();
    else ended.go([&trigger] { trigger.fire(); });
    const bool came_through = call(trigger);
    ended.wait();
    return came_through;
}

bool lock_somehow(gofer::RWMutex& mutex, Dice& dice) {
    switch (dice.below(4)) {
    case 0: return mutex.try_lock();
    case 1: return mutex.try_lock_for(std::chrono::microseconds{dice.below(40)});
    case 2: return with_context(dice, [&](const auto& ctx) { return mutex.lock(ctx); });
    default: mutex.lock(); return true;
    }
}

bool lock_shared_somehow(gofer::RWMutex& mutex, Dice& dice) {
    switch (dice.below(4)) {
    case 0: return mutex.try_lock_shared();
    case 1: return mutex.try_lock_shared_for(std::chrono::microseconds{dice.below(40)});
    case 2: return with_context(dice, [&](const auto& ctx) { return mutex.lock_shared(ctx); });
    default: mutex.lock_shared(); return true;
    }
}

bool acquire_somehow(gofer::Semaphore& semaphore, std::int64_t k, Dice& dice) {
    switch (dice.below(4)) {
    case 0: return semaphore.try_acquire(k);
    case 1: return semaphore.try_acquire_for(std::chrono::microseconds{dice.below(40)}, k);
    case 2: return with_context(dice, [&](const auto& ctx) { return semaphore.acquire(ctx, k); });
    default: semaphore.acquire(k); return true;
    }
}

void linger(Dice& dice) {
    if (dice.one_in(6)) gofer::yield();
    if (dice.one_in(40)) gofer::sleep_for(std::chrono::microseconds{dice.below(50)});
}

} // namespace

TEST_CASE("an RWMutex under every kind of lock keeps what it guards whole") {
    fixture::storm([](std::uint64_t seed) {
        gofer::RWMutex mutex;
        long left = 0, right = 0;
        std::atomic<long> writes{0};
        gofer::WaitGroup wg;
        for (unsigned g = 0; g < 10; ++g) {
            wg.go([&, dice = Dice{seed, g}]() mutable {
                for (int i = 0; i < 60; ++i) {
                    if (dice.one_in(3)) {
                        if (!lock_somehow(mutex, dice)) continue;
                        ++left;
                        linger(dice);
                        ++right;
                        ++writes;
                        mutex.unlock();
                    } else {
                        if (!lock_shared_somehow(mutex, dice)) continue;
                        VERIFY(left == right);
                        linger(dice);
                        VERIFY(left == right);
                        mutex.unlock_shared();
                    }
                }
            });
        }
        wg.wait();
        VERIFY(left == writes && right == writes);
        VERIFY(mutex.try_lock());
        mutex.unlock();
    });
}

TEST_CASE("a Semaphore under every kind of acquire loses no permit and invents none") {
    fixture::storm([](std::uint64_t seed) {
        constexpr std::int64_t permits = 4;
        gofer::Semaphore semaphore{permits};
        std::atomic<std::int64_t> out{0};
        gofer::WaitGroup wg;
        for (unsigned g = 0; g < 10; ++g) {
            wg.go([&, dice = Dice{seed, g}]() mutable {
                for (int i = 0; i < 60; ++i) {
                    const std::int64_t k = 1 + dice.below(permits);
                    if (!acquire_somehow(semaphore, k, dice)) continue;
                    VERIFY((out += k) <= permits);
                    linger(dice);
                    out -= k;
                    semaphore.release(k);
                }
            });
        }
        wg.wait();
        VERIFY(semaphore.try_acquire(permits));
    });
}

TEST_CASE("a bounded queue under Conds, with waits that give up, delivers all that was put in") {
    fixture::storm([](std::uint64_t seed) {
        gofer::Mutex mutex;
        gofer::Cond changed_for_takers, changed_for_putters;
        int held = 0, producers = 4;
        std::atomic<int> put{0}, taken{0};
        gofer::WaitGroup wg;
        for (unsigned g = 0; g < 4; ++g) {
            wg.go([&, dice = Dice{seed, g}]() mutable {
                for (int i = 0; i < 60; ++i) {
                    std::unique_lock lock{mutex};
                    const auto limit = std::chrono::microseconds{dice.below(60)};
                    const auto room = [&] { return held < 2; };
                    if (dice.one_in(2)) changed_for_putters.wait(lock, room);
                    else if (!changed_for_putters.wait_for(lock, limit, room)) continue;
                    ++held;
                    ++put;
                    changed_for_takers.notify_one();
                }
                std::lock_guard guard{mutex};
                if (--producers == 0) changed_for_takers.notify_all();
            });
            wg.go([&, dice = Dice{seed, g + 100}]() mutable {
                for (;;) {
                    std::unique_lock lock{mutex};
                    const auto some = [&] { return held > 0 || producers == 0; };
                    if (dice.one_in(2)) changed_for_takers.wait(lock, some);
                    else if (!with_context(dice, [&](const auto& ctx) { return changed_for_takers.wait(lock, ctx, some); }))
                        continue;
                    if (held == 0) return;
                    --held;
                    ++taken;
                    changed_for_putters.notify_one();
                }
            });
        }
        wg.wait();
        VERIFY(put == taken && held == 0);
    });
}

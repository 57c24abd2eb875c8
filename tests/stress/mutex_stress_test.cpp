// Mutexes under random use: plain, tried and timed locks, holders that park, locks handed from one goroutine
// to another.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/random.hpp"

using fixture::Dice;

namespace {

/// What a mutex guards: two numbers that are equal whenever it is free.
struct Guarded {
    gofer::Mutex mutex;
    long left{0}, right{0};

    void touch(Dice& dice) {
        ++left;
        if (dice.one_in(8)) gofer::yield();
        if (dice.one_in(40)) gofer::sleep_for(std::chrono::microseconds{dice.below(50)});
        ++right;
        VERIFY(left == right);
    }
};

bool lock_somehow(gofer::Mutex& mutex, Dice& dice) {
    switch (dice.below(3)) {
    case 0:
        return mutex.try_lock();
    case 1:
        return mutex.try_lock_for(std::chrono::microseconds{dice.below(40)});
    default:
        mutex.lock();
        return true;
    }
}

} // namespace

TEST_CASE("a few mutexes under every kind of lock keep what they guard whole") {
    fixture::storm([](std::uint64_t seed) {
        std::array<Guarded, 3> guarded;
        std::atomic<long> touches{0};
        gofer::WaitGroup wg;
        for (unsigned g = 0; g < 10; ++g) {
            wg.go([&, dice = Dice{seed, g}]() mutable {
                for (int i = 0; i < 150; ++i) {
                    Guarded& one = guarded[static_cast<std::size_t>(dice.below(3))];
                    if (!lock_somehow(one.mutex, dice)) continue;
                    one.touch(dice);
                    one.mutex.unlock();
                    ++touches;
                }
            });
        }
        wg.wait();
        long sum = 0;
        for (const Guarded& one : guarded) sum += one.left;
        VERIFY(sum == touches);
    });
}

TEST_CASE("a lock handed over to another goroutine to unlock is still one lock") {
    fixture::storm([](std::uint64_t seed) {
        Guarded guarded;
        const gofer::Channel<gofer::Unit> unlock_it(2);
        gofer::go([&guarded, unlock_it] {
            for ([[maybe_unused]] gofer::Unit order : unlock_it) guarded.mutex.unlock();
        });
        gofer::WaitGroup wg;
        for (unsigned g = 0; g < 6; ++g) {
            wg.go([&, dice = Dice{seed, g}]() mutable {
                for (int i = 0; i < 100; ++i) {
                    guarded.mutex.lock();
                    guarded.touch(dice);
                    if (dice.one_in(2))
                        unlock_it.send({});
                    else
                        guarded.mutex.unlock();
                }
            });
        }
        wg.wait();
        guarded.mutex.lock();
        VERIFY(guarded.left == 600);
        guarded.mutex.unlock();
        unlock_it.close();
    });
}

TEST_CASE("two mutexes taken together in either order never deadlock") {
    fixture::storm([](std::uint64_t seed) {
        Guarded one, two;
        gofer::WaitGroup wg;
        for (unsigned g = 0; g < 6; ++g) {
            wg.go([&, dice = Dice{seed, g}]() mutable {
                for (int i = 0; i < 60; ++i) {
                    const bool swapped = dice.one_in(2);
                    std::scoped_lock both{swapped ? two.mutex : one.mutex, swapped ? one.mutex : two.mutex};
                    one.touch(dice);
                    two.touch(dice);
                }
            });
        }
        wg.wait();
        VERIFY(one.left == 360);
        VERIFY(two.left == 360);
    });
}

TEST_CASE("mutexes that live as long as their last holder let no waker touch freed memory") {
    fixture::storm([](std::uint64_t seed) {
        Dice dice{seed, 0};
        for (int round = 0; round < 50; ++round) {
            auto shared = std::make_unique<Guarded>();
            const int users = 1 + dice.below(4);
            for (int g = 0; g < users; ++g) {
                gofer::go([guarded = shared.get()] {
                    std::lock_guard guard{guarded->mutex};
                    ++guarded->left;
                });
            }
            VERIFY(fixture::eventually([&] {
                std::lock_guard guard{shared->mutex};
                return shared->left == users;
            }));
        }
    });
}

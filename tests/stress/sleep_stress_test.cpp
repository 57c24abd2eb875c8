// Sleepers in numbers: none wakes early, none is forgotten, and those that are called back leave no timer.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/random.hpp"

using fixture::Dice;

TEST_CASE("many sleepers of random times wake no earlier than asked, each as often as it slept") {
    fixture::storm([](std::uint64_t seed) {
        constexpr int sleepers = 150, sleeps = 6;
        std::atomic<int> woken{0};
        gofer::WaitGroup wg;
        for (unsigned g = 0; g < sleepers; ++g) {
            wg.go([&, dice = Dice{seed, g}]() mutable {
                for (int i = 0; i < sleeps; ++i) {
                    const auto d = std::chrono::microseconds{dice.below(3000) - 50};
                    const auto start = gofer::Clock::now();
                    if (dice.one_in(2))
                        gofer::sleep_for(d);
                    else
                        gofer::sleep_until(start + d);
                    VERIFY(gofer::Clock::now() - start >= d);
                    ++woken;
                }
            });
        }
        wg.wait();
        VERIFY(woken == sleepers * sleeps);
    });
}

TEST_CASE("waits of an hour that end in a moment leave their timers in no heap") {
    fixture::storm([](std::uint64_t seed) {
        const std::size_t before = gofer::debug::census().timers;
        const gofer::Channel<int> calls;
        gofer::WaitGroup wg;
        for (unsigned g = 0; g < 20; ++g) {
            wg.go([&, dice = Dice{seed, g}]() mutable {
                for (int i = 0; i < 20; ++i) {
                    std::optional<int> slot;
                    if (dice.one_in(2))
                        slot = calls.receive_for(std::chrono::hours{1 + dice.below(5)});
                    else
                        gofer::select(gofer::recv(calls, slot),
                                      gofer::timeout(std::chrono::hours{1 + dice.below(5)}));
                    VERIFY(slot.has_value());
                }
            });
        }
        for (int i = 0; i < 400; ++i) calls.send(i);
        wg.wait();
        VERIFY(gofer::debug::census().timers == before);
    });
}

TEST_CASE("sleepers and busy goroutines on the same workers do not starve each other") {
    fixture::storm([](std::uint64_t seed) {
        std::atomic<bool> stop{false};
        std::atomic<long> turns{0};
        gofer::WaitGroup busy, asleep;
        for (int g = 0; g < 3; ++g) {
            busy.go([&] {
                while (!stop) {
                    ++turns;
                    gofer::yield();
                }
            });
        }
        for (unsigned g = 0; g < 30; ++g) {
            asleep.go([dice = Dice{seed, g}]() mutable {
                for (int i = 0; i < 5; ++i) gofer::sleep_for(std::chrono::microseconds{dice.below(2000)});
            });
        }
        asleep.wait();
        stop = true;
        busy.wait();
        VERIFY(turns > 0);
    });
}

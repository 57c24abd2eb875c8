// Deep stacks are given back to the system once their goroutines stay parked, and never under one that runs.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/disturbance.hpp"
#include "../support/fixture.hpp"
#include "../support/stack_memory.hpp"

using namespace std::chrono_literals;
using fixture::StackBounds;

namespace {

constexpr std::size_t deep = std::size_t{200} << 10;
constexpr std::size_t little = std::size_t{16} << 10;

/// Whether the stacks come down to `little` each; looks every 20 ms, and is idle in between.
bool all_shrink(const std::vector<StackBounds>& stacks) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    for (const StackBounds& stack : stacks)
        while (fixture::resident_bytes(stack) >= little) {
            if (std::chrono::steady_clock::now() > limit) return false;
            gofer::sleep_for(20ms);
        }
    return true;
}

/// Goroutines that went deep and are parked on c; their stacks.
std::vector<StackBounds> start_deep_ones(gofer::WaitGroup& wg, const gofer::Channel<int>& c, std::size_t count) {
    std::vector<StackBounds> stacks(count);
    gofer::WaitGroup known;
    known.add(static_cast<std::int64_t>(count));
    for (StackBounds& stack : stacks)
        wg.go([c, &stack, &known] {
            const std::array<int, 3> kept{1, 2, 3};
            fixture::go_deep(deep);
            stack = fixture::stack_of(&kept);
            if (!gofer::base::asan_build) VERIFY(fixture::resident_bytes(stack) >= deep); // while nobody takes it
            known.done();
            c.receive();
            VERIFY(kept == std::array<int, 3>{1, 2, 3});
            fixture::go_deep(deep);
        });
    known.wait();
    fixture::parked_reaches(count);
    return stacks;
}

} // namespace

TEST_CASE("a goroutine that went 200 KB deep and stays parked keeps less than 16 KB of its stack") {
    if (gofer::base::asan_build) return; // locals lie elsewhere then, and their addresses say nothing of the stack
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        const auto stacks = start_deep_ones(wg, c, 1);
        VERIFY(all_shrink(stacks));
        c.close();
        wg.wait();
    });
}

TEST_CASE("the stacks of a thousand deep goroutines shrink, and they go deep again afterwards") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        VERIFY(all_shrink(start_deep_ones(wg, c, gofer::base::stack_scale > 1 ? 100 : 1000)));
        c.close();
        wg.wait();
    });
}

TEST_CASE("a deep stack shrinks while other goroutines keep the workers busy") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg, busy;
        std::atomic<bool> over{false};
        const auto stacks = start_deep_ones(wg, c, 10);
        for (int i = 0; i < 4; ++i)
            busy.go([&over] {
                while (!over) gofer::yield();
            });
        VERIFY(all_shrink(stacks));
        over = true;
        busy.wait();
        c.close();
        wg.wait();
    });
}

TEST_CASE("the stack of a deep goroutine that has ended shrinks") {
    if (gofer::base::asan_build) return; // locals lie elsewhere then, and their addresses say nothing of the stack
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        std::vector<StackBounds> stacks(1);
        wg.go({.stack_size = 512 << 10}, [&stacks] {
            const char local = 0;
            stacks[0] = fixture::stack_of(&local);
            fixture::go_deep(deep);
        });
        wg.wait();
        VERIFY(stacks[0].bottom != nullptr);
        VERIFY(all_shrink(stacks));
    });
}

TEST_CASE("the frames of a goroutine that computes on for long are left alone") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        wg.go([] {
            const volatile char here = 0;
            auto compute = [] {
                const auto end = std::chrono::steady_clock::now() + 700ms;
                while (std::chrono::steady_clock::now() < end) {
                }
            };
            fixture::go_deep(&here, deep, compute);
        });
        for (int i = 0; i < 70; ++i) gofer::sleep_for(10ms);
        wg.wait();
    });
}

TEST_CASE("frames keep their values while their stacks are trimmed again and again") {
    const fixture::Disturbance disturbance;
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        for (int i = 0; i < 16; ++i)
            wg.go([i] {
                for (int round = 0; round < 6; ++round) {
                    const volatile char here = 0;
                    int kept = i + round;
                    auto pause = [&kept] {
                        gofer::sleep_for(std::chrono::milliseconds{kept % 3 * 105});
                        ++kept;
                    };
                    fixture::go_deep(&here, static_cast<std::size_t>(kept % 7) * 9000, pause);
                    VERIFY(kept == i + round + 1);
                }
            });
        wg.wait();
    });
}

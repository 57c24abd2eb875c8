// Random trees of goroutines: started by go, by a wait group and by async, on stacks small and large, some of
// which park.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/random.hpp"

using fixture::Dice;

namespace {

struct Census {
    std::atomic<int> born{0}, ended{0};
    gofer::WaitGroup wg;
};

void pause_somehow(Dice& dice) {
    switch (dice.below(12)) {
    case 0:
        gofer::yield();
        break;
    case 1:
        gofer::sleep_for(std::chrono::microseconds{dice.below(100)});
        break;
    default:
        break;
    }
}

/// A node that starts up to three others, `depth` generations on.
void grow(Census& census, std::uint64_t seed, int depth) {
    ++census.born;
    Dice dice{seed, 0};
    pause_somehow(dice);
    for (int child = depth > 0 ? 1 + dice.below(3) : 0; child > 0; --child) {
        const std::uint64_t sub = seed * 7 + static_cast<std::uint64_t>(child);
        const auto node = [&census, sub, depth] { grow(census, sub, depth - 1); };
        if (dice.one_in(20))
            census.wg.go({.name = std::to_string(sub), .stack_size = std::size_t{1} << 20}, node);
        else
            census.wg.go(node);
    }
    pause_somehow(dice);
    ++census.ended;
}

/// The sum of a random tree, by futures, some of which are asked with a time limit first.
int sum_of(std::uint64_t seed, int depth) {
    if (depth == 0) return 1;
    Dice dice{seed, 0};
    std::vector<gofer::Future<int>> children;
    for (int child = dice.below(3); child >= 0; --child) {
        children.push_back(gofer::async(sum_of, seed * 7 + static_cast<std::uint64_t>(child), depth - 1));
    }
    const auto count = static_cast<int>(children.size());
    int sum = 0;
    for (auto& child : children) {
        if (dice.one_in(3)) static_cast<void>(child.wait_for(std::chrono::microseconds{dice.below(50)}));
        sum += child.get();
    }
    VERIFY(sum >= count);
    return sum;
}

int sum_alone(std::uint64_t seed, int depth) {
    if (depth == 0) return 1;
    Dice dice{seed, 0};
    int sum = 0;
    for (int child = dice.below(3); child >= 0; --child) {
        sum += sum_alone(seed * 7 + static_cast<std::uint64_t>(child), depth - 1);
    }
    return sum;
}

} // namespace

TEST_CASE("every goroutine of a random tree is born and ends once") {
    fixture::storm([](std::uint64_t seed) {
        Census census;
        for (unsigned tree = 0; tree < 6; ++tree) census.wg.go([&, tree] { grow(census, seed + tree, 5); });
        census.wg.wait();
        VERIFY(census.born == census.ended);
        VERIFY(census.born >= 36);
    });
}

TEST_CASE("a random tree of futures sums up as the same tree without goroutines does") {
    fixture::storm([](std::uint64_t seed) { VERIFY(sum_of(seed, 6) == sum_alone(seed, 6)); });
}

TEST_CASE("futures dropped in the middle of the work disturb nobody") {
    fixture::storm([](std::uint64_t seed) {
        Dice dice{seed, 0};
        std::atomic<int> ran{0};
        const gofer::Channel<gofer::Unit> ended(200);
        for (int i = 0; i < 200; ++i) {
            auto future = gofer::async([&ran, ended, pause = dice.below(3)] {
                const gofer::Defer tell{[ended] { ended.send({}); }};
                for (int k = 0; k < pause; ++k) gofer::yield();
                if (++ran % 5 == 0) throw ran.load();
                return fixture::Lone{1};
            });
            if (dice.one_in(3)) gofer::yield();
            if (dice.one_in(4)) static_cast<void>(future.wait_for(std::chrono::microseconds{dice.below(20)}));
        }
        for (int i = 0; i < 200; ++i) ended.receive();
        VERIFY(ran == 200);
    });
}

TEST_CASE("hundreds of goroutines parked at once all come back, in any order") {
    fixture::storm([](std::uint64_t seed) {
        constexpr int crowd = 500;
        std::vector<gofer::Channel<int>> doors;
        for (int i = 0; i < 16; ++i) doors.emplace_back();
        std::atomic<long> sum{0};
        gofer::WaitGroup wg;
        for (int i = 0; i < crowd; ++i) {
            wg.go([&sum, door = doors[static_cast<std::size_t>(i % 16)]] { sum += door.receive().value(); });
        }
        fixture::parked_reaches(crowd);
        Dice dice{seed, 0};
        std::vector<int> left(16, crowd / 16);
        for (int i = 0; i < crowd % 16; ++i) ++left[static_cast<std::size_t>(i)];
        for (int sent = 0; sent < crowd;) {
            const auto d = static_cast<std::size_t>(dice.below(16));
            if (left[d] == 0) continue;
            --left[d];
            doors[d].send(++sent);
        }
        wg.wait();
        VERIFY(sum == long{crowd} * (crowd + 1) / 2);
    });
}

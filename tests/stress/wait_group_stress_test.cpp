// Wait groups on the stacks of many callers, torn down the moment they are done, used again, waited for by
// crowds.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/random.hpp"

using fixture::Dice;

namespace {

/// Counts the nodes of a random tree, with a wait group in every frame.
long count_nodes(std::uint64_t seed, int depth) {
    Dice dice{seed, static_cast<unsigned>(depth)};
    if (depth == 0) return 1;
    std::atomic<long> below{0};
    gofer::WaitGroup wg;
    for (int child = dice.below(4); child >= 0; --child) {
        wg.go([&below, depth, sub = seed * 31 + static_cast<std::uint64_t>(child)] {
            below += count_nodes(sub, depth - 1);
        });
        if (dice.one_in(5)) gofer::yield();
    }
    wg.wait();
    return 1 + below;
}

/// The same count with no goroutine in it.
long count_nodes_alone(std::uint64_t seed, int depth) {
    Dice dice{seed, static_cast<unsigned>(depth)};
    if (depth == 0) return 1;
    long below = 0;
    for (int child = dice.below(4); child >= 0; --child) {
        below += count_nodes_alone(seed * 31 + static_cast<std::uint64_t>(child), depth - 1);
        static_cast<void>(dice.one_in(5));
    }
    return 1 + below;
}

} // namespace

TEST_CASE("a random tree of goroutines with a wait group in every frame is counted right") {
    fixture::storm([](std::uint64_t seed) { VERIFY(count_nodes(seed, 6) == count_nodes_alone(seed, 6)); });
}

TEST_CASE("a wait group that is waited for by a crowd wakes all of it and may go at once") {
    fixture::storm([](std::uint64_t seed) {
        Dice dice{seed, 0};
        for (int round = 0; round < 20; ++round) {
            auto wg = std::make_unique<gofer::WaitGroup>();
            gofer::WaitGroup crowd;
            const int doers = 1 + dice.below(4);
            std::atomic<int> done{0};
            wg->add(doers);
            for (int w = dice.below(6); w >= 0; --w) {
                const bool limited = dice.one_in(3);
                crowd.go([&, limited] {
                    if (limited)
                        VERIFY(wg->wait_for(std::chrono::hours{1}));
                    else
                        wg->wait();
                    VERIFY(done == doers);
                });
            }
            for (int d = 0; d < doers; ++d) {
                gofer::go([&done, group = wg.get()] {
                    ++done;
                    group->done();
                });
            }
            crowd.wait();
            wg.reset();
        }
    });
}

TEST_CASE("one wait group used round after round never lets anybody through early") {
    fixture::storm([](std::uint64_t seed) {
        Dice dice{seed, 0};
        gofer::WaitGroup wg;
        std::atomic<int> running{0};
        for (int round = 0; round < 60; ++round) {
            for (int g = dice.below(8); g >= 0; --g) {
                ++running;
                wg.go([&running, pause = dice.below(4)] {
                    for (int i = 0; i < pause; ++i) gofer::yield();
                    --running;
                });
            }
            wg.wait();
            VERIFY(running == 0);
        }
    });
}

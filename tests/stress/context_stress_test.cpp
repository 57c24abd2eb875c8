// Contexts, error groups and deadlines under random use: what ends, ends all below it; no value is lost; nothing is
// left.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/random.hpp"

using fixture::Dice;
using gofer::Context;

namespace {

gofer::WithCancel some_child(const Context& parent, Dice& dice) {
    return dice.one_in(2) ? gofer::with_cancel(parent)
                          : gofer::with_timeout(parent, std::chrono::microseconds{dice.below(200)});
}

/// Grows a tree below `parent`, a goroutine for each node, and returns when all of it has ended.
void grow(const Context& parent, Dice dice, int depth, std::atomic<int>& called) {
    auto [ctx, cancel] = some_child(parent, dice);
    gofer::after_func(ctx, [&called] { ++called; });
    gofer::WaitGroup wg;
    for (unsigned i = 0; depth > 0 && i < 3; ++i)
        wg.go([ctx = ctx, &called, depth, d = Dice{static_cast<std::uint64_t>(dice.below(1 << 30)), i}] {
            grow(ctx, d, depth - 1, called);
        });
    if (dice.one_in(3)) cancel();
    const gofer::Channel<int> never;
    if (dice.one_in(2))
        VERIFY(!never.receive(ctx));
    else
        VERIFY(!gofer::sleep_for(ctx, std::chrono::hours{1}));
    VERIFY(ctx.cancelled());
    wg.wait();
}

} // namespace

TEST_CASE("trees of contexts grow and end in every order") {
    fixture::storm([](std::uint64_t seed) {
        std::atomic<int> called{0};
        auto [root, cancel] = gofer::with_cancel(Context::background());
        std::thread thread{[&cancel = cancel, dice = Dice{seed, 9}]() mutable {
            std::this_thread::sleep_for(std::chrono::microseconds{dice.below(500)});
            cancel();
        }};
        grow(root, Dice{seed, 0}, 4, called);
        thread.join();
        VERIFY(fixture::eventually([&called] { return called == 1 + 3 + 9 + 27 + 81; }));
    });
}

TEST_CASE("sends and receives whose contexts end all the time deliver each value once and in order") {
    fixture::storm([](std::uint64_t seed) {
        constexpr int values = 150;
        for (const int capacity : {0, 1}) {
            const gofer::Channel<fixture::Lone> c(capacity);
            gofer::WaitGroup wg;
            wg.go([c, dice = Dice{seed, 1}]() mutable {
                for (int i = 0; i < values; ++i) {
                    fixture::Lone value{i};
                    for (bool sent = false; !sent;) {
                        auto [ctx, cancel] = gofer::with_timeout(Context(), std::chrono::microseconds{dice.below(40)});
                        sent = c.send(std::move(value), ctx);
                        if (!sent && !VERIFY(value.value == i)) return;
                    }
                }
            });
            Dice dice{seed, 2};
            for (int i = 0; i < values;) {
                auto [ctx, cancel] = gofer::with_timeout(Context(), std::chrono::microseconds{dice.below(40)});
                if (const auto got = c.receive(ctx)) VERIFY(got->value == i++);
            }
            wg.wait();
        }
    });
}

TEST_CASE("error groups with limits, failures and ends from above neither hang nor lose a goroutine") {
    fixture::storm([](std::uint64_t seed) {
        Dice dice{seed, 0};
        auto [parent, cancel] = some_child(Context::background(), dice);
        std::atomic<int> started{0}, ended{0};
        std::optional<gofer::ErrGroup> group(std::in_place, parent);
        group->set_limit(1 + dice.below(4));
        const int fails_at = dice.below(60);
        for (int i = 0; i < 40; ++i) {
            auto work = [&, i, fails_at](const Context& ctx) {
                ++started;
                if (i % 3 == 0) static_cast<void>(gofer::sleep_for(ctx, std::chrono::microseconds{i * 5}));
                ++ended;
                if (i == fails_at) throw std::runtime_error("planned");
            };
            if (dice.one_in(3))
                static_cast<void>(group->try_go(work));
            else
                group->go(work);
        }
        if (dice.one_in(2)) {
            try {
                group->wait();
            } catch (const std::runtime_error&) {
                VERIFY(fails_at < 40);
            }
            VERIFY(group->context().cancelled());
        }
        group.reset();
        VERIFY(started == ended);
    });
}

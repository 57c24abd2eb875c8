// Time limits that run out while the other side comes: a value that was not sent is still its sender's, one
// that was sent arrives, and no timer and no waiter stays behind.
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/random.hpp"

using fixture::Dice;
using fixture::Lone;

namespace {

constexpr int values = 400;

std::chrono::microseconds about_as_long_as_a_switch(Dice& dice) {
    return std::chrono::microseconds{dice.below(40)};
}

void send_in_the_end(const gofer::Channel<Lone>& c, int n, Dice& dice) {
    Lone value{n};
    while (!c.send_for(std::move(value), about_as_long_as_a_switch(dice))) {
        if (!VERIFY(value.value == n)) return;
    }
}

Lone receive_by_timeouts(const gofer::Channel<Lone>& c, Dice& dice) {
    for (;;) {
        if (auto value = c.receive_for(about_as_long_as_a_switch(dice))) return std::move(*value);
    }
}

} // namespace

TEST_CASE("timed sends racing with timed receives deliver each value once and in order") {
    fixture::storm([](std::uint64_t seed) {
        for (const int capacity : {0, 1}) {
            const gofer::Channel<Lone> c(capacity);
            gofer::WaitGroup wg;
            wg.go([c, dice = Dice{seed, 1}]() mutable {
                for (int i = 0; i < values; ++i) send_in_the_end(c, i, dice);
            });
            Dice dice{seed, 2};
            for (int i = 0; i < values; ++i) VERIFY(receive_by_timeouts(c, dice).value == i);
            wg.wait();
        }
    });
}

TEST_CASE("selects with timeouts racing with each other deliver each value once and in order") {
    fixture::storm([](std::uint64_t seed) {
        const gofer::Channel<Lone> c, never;
        gofer::WaitGroup wg;
        wg.go([c, never, dice = Dice{seed, 1}]() mutable {
            for (int i = 0; i < values; ++i) {
                Lone value{i};
                while (gofer::select(gofer::send(c, std::move(value)), gofer::recv(never),
                                     gofer::timeout(about_as_long_as_a_switch(dice))) != 0) {
                    if (!VERIFY(value.value == i)) return;
                }
            }
        });
        Dice dice{seed, 2};
        for (int i = 0; i < values;) {
            std::optional<Lone> slot;
            gofer::select(gofer::timeout(about_as_long_as_a_switch(dice)), gofer::recv(never),
                          gofer::recv(c, slot));
            if (slot && VERIFY(slot->value == i))
                ++i;
            else if (slot)
                return;
        }
        wg.wait();
    });
}

TEST_CASE("wait_for racing with done and get racing with set_value tell the truth") {
    fixture::storm([](std::uint64_t seed) {
        Dice dice{seed, 0};
        for (int i = 0; i < 300; ++i) {
            gofer::WaitGroup wg;
            gofer::Promise<int> promise;
            auto future = promise.future();
            int written = 0;
            const auto pause = about_as_long_as_a_switch(dice), limit = about_as_long_as_a_switch(dice);
            wg.add();
            gofer::go([&, pause] {
                if (pause.count() % 2 == 0) gofer::sleep_for(pause);
                written = 1;
                promise.set_value(i);
                wg.done();
            });
            if (wg.wait_for(limit)) VERIFY(written == 1);
            if (future.wait_for(limit)) VERIFY(written == 1);
            VERIFY(future.get() == i);
            wg.wait();
        }
    });
}

TEST_CASE("try_lock_for racing with unlock leaves one holder or none") {
    fixture::storm([](std::uint64_t seed) {
        gofer::Mutex mutex;
        int inside = 0, got = 0;
        gofer::WaitGroup wg;
        for (unsigned g = 0; g < 6; ++g) {
            wg.go([&, dice = Dice{seed, g}]() mutable {
                for (int i = 0; i < 150; ++i) {
                    std::unique_lock lock{mutex, about_as_long_as_a_switch(dice)};
                    if (!lock.owns_lock()) continue;
                    VERIFY(++inside == 1);
                    ++got;
                    if (dice.one_in(4)) gofer::yield();
                    --inside;
                }
            });
        }
        wg.wait();
        VERIFY(got > 0);
        VERIFY(mutex.try_lock());
        mutex.unlock();
    });
}

TEST_CASE("a WaitGroup whose wait gave up counts on, and goes when a later wait returns") {
    fixture::storm([](std::uint64_t seed) {
        Dice dice{seed, 0};
        for (int i = 0; i < 300; ++i) {
            const auto pause = about_as_long_as_a_switch(dice), limit = about_as_long_as_a_switch(dice);
            auto wg = std::make_unique<gofer::WaitGroup>();
            int done = 0, started = 1;
            gofer::Mutex mutex;
            const auto work = [&] {
                const std::lock_guard guard(mutex);
                ++done;
            };
            wg->go([&, pause] {
                gofer::sleep_for(pause);
                work();
            });
            for (; !wg->wait_for(limit) && started < 20; ++started) wg->go(work);
            wg->wait();
            wg.reset();
            VERIFY(done == started);
        }
    });
}

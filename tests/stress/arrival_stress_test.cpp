// Both sides of a hand-over arrive at the same moment, again and again: in the gap between a look at a channel and a
// place in its wait list, and in the gap between that and the park. Who is missed there waits for ever.
// The partners are threads with pauses of random length, since goroutines of one runtime as a rule take turns.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/random.hpp"

using fixture::Dice;
using Ints = gofer::Channel<int>;

namespace {

constexpr int meetings = 300;

/// Computes for up to some fifty microseconds.
void dawdle(Dice& dice) {
    const auto end = gofer::Clock::now() + std::chrono::nanoseconds{dice.below(50'000)};
    while (gofer::Clock::now() < end) {}
}

/// Runs here(i) in the calling goroutine and there(i) on a thread, pausing before each.
template <class Here, class There>
void meet(std::uint64_t seed, Here here, There there) {
    gofer::WaitGroup ended;
    ended.add();
    std::thread other{[&] {
        Dice dice{seed, 1};
        for (int i = 0; i < meetings; ++i) {
            dawdle(dice);
            there(i);
        }
        ended.done();
    }};
    Dice dice{seed, 2};
    for (int i = 0; i < meetings; ++i) {
        dawdle(dice);
        here(i);
    }
    ended.wait();
    other.join();
}

void take(const Ints& a, const Ints& b, int expected) {
    std::optional<int> slot;
    gofer::select(gofer::recv(a, slot), gofer::recv(b, slot));
    VERIFY(slot == expected);
}

} // namespace

TEST_CASE("a select that sends and one that receives never miss each other") {
    fixture::storm([](std::uint64_t seed) {
        const Ints a, b;
        meet(
            seed, [&](int i) { take(a, b, i); },
            [&](int i) { gofer::select(gofer::send(a, i), gofer::send(b, i)); });
        meet(
            seed, [&](int i) { gofer::select(gofer::send(b, i), gofer::send(a, i)); },
            [&](int i) { take(a, b, i); });
    });
}

TEST_CASE("a plain send and a receive never miss each other") {
    fixture::storm([](std::uint64_t seed) {
        const Ints c;
        meet(
            seed, [&](int) { c.receive(); }, [&](int i) { c.send(i); });
        meet(
            seed, [&](int i) { c.send(i); }, [&](int) { c.receive(); });
    });
}

TEST_CASE("a select that is served before it has parked goes on") {
    fixture::storm([](std::uint64_t seed) {
        const Ints c;
        std::vector<Ints> idle;
        for (int i = 0; i < 40; ++i) idle.emplace_back();
        std::optional<int> slot;
        std::vector<gofer::SelectCase> cases;
        for (const auto& each : idle) cases.push_back(gofer::recv(each));
        cases.push_back(gofer::recv(c, slot));
        meet(
            seed,
            [&](int i) {
                VERIFY(gofer::select(cases) == idle.size());
                VERIFY(slot == i);
            },
            [&](int i) { c.send(i); });
    });
}

TEST_CASE("a timed wait that is served before it has parked goes on") {
    fixture::storm([](std::uint64_t seed) {
        const Ints c;
        meet(
            seed, [&](int i) { VERIFY(c.receive_for(std::chrono::hours{1}) == i); },
            [&](int i) { c.send(i); });
        gofer::Mutex mutex;
        const auto lock = [&](int) {
            VERIFY(mutex.try_lock_for(std::chrono::hours{1}));
            mutex.unlock();
        };
        meet(seed, lock, lock);
    });
}

TEST_CASE("a wait and the done that ends it never miss each other") {
    fixture::storm([](std::uint64_t seed) {
        std::vector<gofer::WaitGroup> groups(meetings);
        std::vector<gofer::Promise<int>> promises(meetings);
        std::vector<gofer::Future<int>> futures;
        for (auto& group : groups) group.add();
        for (auto& promise : promises) futures.push_back(promise.future());
        const auto at = [](auto& list, int i) -> auto& { return list[static_cast<std::size_t>(i)]; };
        meet(
            seed,
            [&](int i) {
                at(groups, i).wait();
                VERIFY(at(futures, i).get() == i);
            },
            [&](int i) {
                at(groups, i).done();
                at(promises, i).set_value(i);
            });
    });
}

// The timers of a worker: fired in order, once, and never after they were removed.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <pthread.h>
#include <random>
#include <thread>
#include <vector>

#include <gofer/sched/timer_heap.hpp>

#include "../support/catch.hpp"
#include "../support/disturbance.hpp"

using gofer::sched::Timer;
using gofer::sched::TimerHeap;
using gofer::sched::Woken;

namespace {

/// Notes in a log that it has fired; wakes nobody.
struct Noted : Timer {
    Noted(std::vector<int>& where, int what, bool outlives = false) noexcept
        : Timer(&Noted::note, outlives), log(&where), number(what) {}
    static void note(Timer& timer, Woken&) noexcept {
        auto& self = static_cast<Noted&>(timer);
        self.log->push_back(self.number);
    }
    std::vector<int>* log;
    int number;
};

struct Counted : Timer {
    Counted() noexcept : Timer(&Counted::count) {}
    static void count(Timer& timer, Woken&) noexcept { ++static_cast<Counted&>(timer).fired; }
    std::atomic<int> fired{0};
};

/// What is due at that time, none of which wakes a goroutine.
void fire(TimerHeap& heap, std::int64_t now) {
    Woken woken;
    heap.fire_due(now, woken);
}

} // namespace

TEST_CASE("an empty heap has no deadline and fires nothing") {
    TimerHeap heap;
    CHECK(heap.earliest() == gofer::base::never);
    Woken woken;
    heap.fire_due(1'000'000, woken);
    CHECK(woken.crowd.empty());
}

TEST_CASE("timers fire in the order of their deadlines, whatever the order of adding") {
    std::mt19937 random{1};
    for (int round = 0; round < 20; ++round) {
        std::vector<int> log, numbers(200);
        for (int i = 0; i < 200; ++i) numbers[static_cast<std::size_t>(i)] = i;
        std::shuffle(numbers.begin(), numbers.end(), random);
        TimerHeap heap;
        std::deque<Noted> timers;
        for (const int n : numbers) heap.add(timers.emplace_back(log, n), n);
        CHECK(heap.earliest() == 0);
        fire(heap, 1000);
        CHECK(std::is_sorted(log.begin(), log.end()));
        CHECK(log.size() == 200);
        CHECK(heap.size() == 0);
    }
}

TEST_CASE("only those fire that are due") {
    std::vector<int> log;
    TimerHeap heap;
    std::deque<Noted> timers;
    for (int n = 1; n <= 10; ++n) heap.add(timers.emplace_back(log, n), n * 100);
    fire(heap, 99);
    CHECK(log.empty());
    fire(heap, 500);
    CHECK(log == std::vector<int>{1, 2, 3, 4, 5});
    CHECK(heap.earliest() == 600);
    for (Noted& t : timers) heap.remove(t);
}

TEST_CASE("a timer that was removed does not fire, and the others keep their order") {
    std::mt19937 random{2};
    for (int round = 0; round < 20; ++round) {
        std::vector<int> log, expected;
        TimerHeap heap;
        std::deque<Noted> timers;
        for (int n = 0; n < 100; ++n) heap.add(timers.emplace_back(log, n), n % 10 * 1000 + n);
        for (Noted& t : timers)
            if (random() % 2 == 0)
                CHECK(heap.remove(t));
            else
                expected.push_back(t.number);
        std::sort(expected.begin(), expected.end(), [](int a, int b) { return a % 10 * 1000 + a < b % 10 * 1000 + b; });
        fire(heap, 1'000'000);
        CHECK(log == expected);
    }
}

TEST_CASE("removing a timer that has fired says so and does nothing") {
    std::vector<int> log;
    TimerHeap heap;
    Noted timer{log, 1};
    heap.add(timer, 10);
    fire(heap, 10);
    CHECK_FALSE(heap.remove(timer));
    CHECK(log.size() == 1);
}

TEST_CASE("a timer can be armed again after it fired and after it was removed") {
    std::vector<int> log;
    TimerHeap heap;
    Noted timer{log, 1};
    heap.add(timer, 10);
    fire(heap, 10);
    heap.add(timer, 20);
    CHECK(heap.remove(timer));
    heap.add(timer, 30);
    fire(heap, 30);
    CHECK(log.size() == 2);
}

TEST_CASE("removing and firing race, and each timer has exactly one of the two") {
    const fixture::Disturbance disturbance;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{1};
    while (std::chrono::steady_clock::now() < end) {
        TimerHeap heap;
        std::vector<std::unique_ptr<Counted>> timers;
        for (int i = 0; i < 64; ++i) heap.add(*timers.emplace_back(std::make_unique<Counted>()), i);
        std::atomic<bool> start{false};
        std::thread firing{[&] {
            ::pthread_setname_np(::pthread_self(), "gofer-firing"); // for the disturbance
            while (!start) {
            }
            for (int now = 0; now < 64; ++now) fire(heap, now);
        }};
        int removed = 0, fired = 0;
        start = true;
        for (std::size_t i = timers.size(); i-- > 0;) {
            const bool mine = heap.remove(*timers[i]);
            removed += mine;
            // After remove() has returned nobody touches the timer any more.
            const int times = timers[i]->fired;
            timers[i].reset();
            fired += times;
            CHECK(times == (mine ? 0 : 1));
        }
        firing.join();
        CHECK(removed + fired == 64);
    }
}

TEST_CASE("timers that nobody adopts stay in a heap that is closed, and fire in order") {
    std::mt19937 random{3};
    std::vector<int> log, adopted, numbers(200);
    for (int i = 0; i < 200; ++i) numbers[static_cast<std::size_t>(i)] = i;
    std::shuffle(numbers.begin(), numbers.end(), random);
    TimerHeap heap;
    std::deque<Noted> timers;
    for (const int n : numbers) heap.add(timers.emplace_back(log, n, n % 2 == 0), n);
    heap.close([&adopted](Timer& timer, std::int64_t deadline) {
        if (deadline % 4 == 0) adopted.push_back(static_cast<Noted&>(timer).number);
        return deadline % 4 == 0;
    });
    CHECK(adopted.size() == 50);
    CHECK(heap.size() == 150);
    CHECK(heap.earliest() == 1);
    CHECK(heap.take(timers[0]) != TimerHeap::Removed::elsewhere);
    fire(heap, 1000);
    CHECK(std::is_sorted(log.begin(), log.end()));
    CHECK(log.size() >= 149);
    CHECK(heap.size() == 0);
}

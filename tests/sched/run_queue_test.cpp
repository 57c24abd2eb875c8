// The queue of one worker: newest first for its owner, oldest first for thieves, and everyone gets a turn.
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <gofer/sched/run_queue.hpp>

#include "../support/catch.hpp"

using gofer::sched::RunQueue;
using gofer::task::Goroutine;
using gofer::task::Runnable;

namespace {

/// Goroutines to queue; they never run.
class Goroutines {
public:
    explicit Goroutines(std::size_t n) : goroutines_(std::make_unique<Goroutine[]>(n)) {}

    Runnable operator[](std::size_t i) const { return Runnable(&goroutines_[i]); }
    std::size_t number(Runnable r) const { return static_cast<std::size_t>(r.goroutine() - goroutines_.get()); }

private:
    std::unique_ptr<Goroutine[]> goroutines_;
};

} // namespace

TEST_CASE("an empty queue gives nothing") {
    RunQueue queue;
    Runnable out[1];
    CHECK_FALSE(queue.pop());
    CHECK_FALSE(queue.pop_fair());
    CHECK(queue.steal(out, 1) == 0);
}

TEST_CASE("what was pushed last is popped first") {
    const Goroutines crowd{3};
    RunQueue queue;
    for (std::size_t i = 0; i < 3; ++i) queue.push(crowd[i]);
    CHECK(queue.size() == 3);
    for (std::size_t i = 3; i-- > 0;) CHECK(queue.pop() == crowd[i]);
    CHECK(queue.size() == 0);
}

TEST_CASE("those in line come in their order, behind those that were pushed") {
    const Goroutines crowd{4};
    RunQueue queue;
    queue.push_in_line(crowd[0]);
    queue.push_in_line(crowd[1]);
    queue.push(crowd[2]);
    CHECK(queue.pop() == crowd[2]);
    CHECK(queue.pop() == crowd[0]);
    queue.push_in_line(crowd[3]);
    CHECK(queue.pop() == crowd[1]);
    CHECK(queue.pop() == crowd[3]);
}

TEST_CASE("a crowd joins the line in its order, be it small or large, and the line empty or not") {
    for (const std::size_t size : {1U, 2U, 8U, 9U, 100U, 20'000U}) {
        for (const std::size_t in_line : {0U, 1U, 70U}) {
            const Goroutines crowd{in_line + size};
            RunQueue queue;
            for (std::size_t i = 0; i < in_line; ++i) queue.push_in_line(crowd[i]);
            gofer::sched::Crowd together;
            for (std::size_t i = in_line; i < in_line + size; ++i) together.add(crowd[i].goroutine());
            queue.push_in_line_all(together);
            CHECK(together.empty());
            CHECK(queue.size() == in_line + size);
            std::size_t in_order = 0;
            while (in_order < in_line + size && queue.pop() == crowd[in_order]) ++in_order;
            CHECK(in_order == in_line + size);
            CHECK(queue.empty());
        }
    }
}

TEST_CASE("the number of the oldest goes on when a crowd becomes the line") {
    const Goroutines goroutines{100};
    RunQueue queue;
    std::uint32_t before = queue.oldest_number();
    for (int round = 0; round < 300; ++round) {
        gofer::sched::Crowd crowd;
        for (std::size_t i = 0; i < 9 + static_cast<std::size_t>(round) % 90; ++i) crowd.add(goroutines[i].goroutine());
        queue.push_in_line_all(crowd);
        while (!queue.empty()) {
            const std::uint32_t now = queue.oldest_number();
            REQUIRE(now - before - 1 < 1'000);
            before = now;
            static_cast<void>(queue.pop());
        }
    }
}

TEST_CASE("one that is alone in a crowd can be taken out") {
    const Goroutines goroutines{9};
    gofer::sched::Crowd crowd;
    CHECK(crowd.take_lone() == nullptr);
    crowd.add(goroutines[0].goroutine());
    CHECK(crowd.take_lone() == goroutines[0].goroutine());
    CHECK(crowd.empty());
    for (std::size_t i = 0; i < 9; ++i) crowd.add(goroutines[i].goroutine());
    CHECK(crowd.take_lone() == nullptr);
}

TEST_CASE("the fair turn goes to the oldest of each kind in alternation") {
    const Goroutines crowd{6};
    RunQueue queue;
    for (std::size_t i = 0; i < 3; ++i) queue.push(crowd[i]);
    for (std::size_t i = 3; i < 6; ++i) queue.push_in_line(crowd[i]);
    std::array<bool, 2> kinds{};
    for (int turn = 0; turn < 2; ++turn) {
        const std::size_t n = crowd.number(queue.pop_fair());
        CHECK((n == 0 || n == 3));
        kinds[n / 3] = true;
    }
    CHECK((kinds[0] && kinds[1]));
}

TEST_CASE("the fair turn takes from either kind when the other is empty") {
    const Goroutines crowd{4};
    RunQueue queue;
    queue.push(crowd[0]);
    queue.push(crowd[1]);
    for (std::size_t i = 0; i < 2; ++i) CHECK(queue.pop_fair() == crowd[i]);
    queue.push_in_line(crowd[2]);
    queue.push_in_line(crowd[3]);
    for (std::size_t i = 2; i < 4; ++i) CHECK(queue.pop_fair() == crowd[i]);
}

TEST_CASE("a thief takes half, the oldest first") {
    const Goroutines crowd{10};
    RunQueue queue;
    for (std::size_t i = 0; i < 10; ++i) queue.push(crowd[i]);
    Runnable out[16];
    REQUIRE(queue.steal(out, 16) == 5);
    for (std::size_t i = 0; i < 5; ++i) CHECK(out[i] == crowd[i]);
    CHECK(queue.size() == 5);
    CHECK(queue.pop() == crowd[9]);
}

TEST_CASE("a thief takes the only one, and no more than it has room for") {
    const Goroutines crowd{10};
    RunQueue queue;
    Runnable out[3];
    queue.push(crowd[0]);
    CHECK(queue.steal(out, 3) == 1);
    for (std::size_t i = 0; i < 10; ++i) queue.push(crowd[i]);
    CHECK(queue.steal(out, 3) == 3);
    CHECK(queue.size() == 7);
}

TEST_CASE("a queue grows without losing anyone or their order") {
    const Goroutines crowd{1000};
    RunQueue queue;
    Runnable out[40];
    // A few are taken at the old end first, so that the ring has wrapped around when it grows.
    for (std::size_t i = 0; i < 60; ++i) queue.push(crowd[i]);
    REQUIRE(queue.steal(out, 30) == 30);
    for (std::size_t i = 60; i < 1000; ++i) queue.push(crowd[i]);
    for (std::size_t i = 1000; i-- > 30;) CHECK(queue.pop() == crowd[i]);
    CHECK_FALSE(queue.pop());
}

TEST_CASE("owner and thieves together get everyone exactly once") {
    constexpr std::size_t count = 20'000;
    const Goroutines crowd{count};
    RunQueue queue;
    std::vector<std::atomic<int>> seen(count);
    std::atomic<bool> over{false};
    std::vector<std::thread> thieves;
    for (int t = 0; t < 3; ++t)
        thieves.emplace_back([&] {
            Runnable out[8];
            while (!over)
                for (std::uint32_t n = queue.steal(out, 8); n-- > 0;) ++seen[crowd.number(out[n])];
        });
    for (std::size_t i = 0; i < count; ++i) {
        i % 3 == 0 ? queue.push_in_line(crowd[i]) : queue.push(crowd[i]);
        if (i % 2 == 0)
            if (const Runnable r = i % 5 == 0 ? queue.pop_fair() : queue.pop()) ++seen[crowd.number(r)];
    }
    while (const Runnable r = queue.pop()) ++seen[crowd.number(r)];
    over = true;
    for (auto& thief : thieves) thief.join();
    while (const Runnable r = queue.pop()) ++seen[crowd.number(r)];
    std::size_t wrong = 0;
    for (const auto& times : seen) wrong += times != 1;
    CHECK(wrong == 0);
}

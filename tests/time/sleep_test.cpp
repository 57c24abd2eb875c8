// sleep_for and sleep_until: never too short, in order, and only the one that sleeps.
// After the ideas of golang/go src/time/sleep_test.go.
#include <atomic>
#include <chrono>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

/// Lays eight sleepers down out of turn; whether they woke in turn.
bool wake_in_order() {
    const auto base = gofer::Clock::now() + 2ms;
    const gofer::Channel<int> woken(8);
    for (const int turn : {5, 2, 7, 0, 3, 6, 1, 4}) {
        gofer::go([=] {
            gofer::sleep_until(base + turn * 10ms);
            woken.send(turn);
        });
    }
    bool in_order = true;
    for (int turn = 0; turn < 8; ++turn) in_order &= woken.receive() == turn;
    return in_order;
}

} // namespace

TEST_CASE("a sleep is never shorter than asked") {
    fixture::at_each_worker_count([] {
        for (const auto d : {1us, 100us, 5000us}) {
            const auto start = gofer::Clock::now();
            gofer::sleep_for(d);
            VERIFY(gofer::Clock::now() - start >= d);
        }
    });
}

TEST_CASE("sleep_until wakes at its time or later") {
    fixture::at_each_worker_count([] {
        const auto goal = gofer::Clock::now() + 3ms;
        gofer::sleep_until(goal);
        VERIFY(gofer::Clock::now() >= goal);
    });
}

TEST_CASE("sleepers wake in the order of their times, whatever the order in which they lay down") {
    fixture::at_each_worker_count([] {
        // A machine under load may wake two at once and so late that they swap: then once more.
        bool in_order = false;
        for (int attempt = 0; attempt < 10 && !in_order; ++attempt) in_order = wake_in_order();
        VERIFY(in_order);
    });
}

TEST_CASE("a sleep of zero or less, and until what is past, is a yield") {
    const auto lets_another_run = [](int way) {
        std::atomic<bool> other_ran{false};
        gofer::WaitGroup wg;
        wg.go([&] { other_ran = true; });
        if (way == 0) gofer::sleep_for(0s);
        if (way == 1) gofer::sleep_for(-1h);
        if (way == 2) gofer::sleep_for(std::chrono::nanoseconds::min());
        if (way == 3) gofer::sleep_until(gofer::Clock::now() - 1s);
        const bool ran_meanwhile = other_ran;
        wg.wait();
        return ran_meanwhile;
    };
    auto on_one_worker = [&] {
        for (int way = 0; way < 4; ++way) {
            // On a machine under load a stand-in may have taken it: then once more.
            bool yields = false;
            for (int attempt = 0; attempt < 10 && !yields; ++attempt) yields = lets_another_run(way);
            VERIFY(yields);
        }
    };
    fixture::at_workers(1, on_one_worker);
}

TEST_CASE("the longest sleep is for ever") {
    CHECK(fixture::parks_for_ever([] { gofer::sleep_for(std::chrono::hours::max()); }));
    CHECK(fixture::parks_for_ever([] { gofer::sleep_for(std::chrono::duration<double>{1e300}); }));
    CHECK(fixture::parks_for_ever([] { gofer::sleep_until(gofer::Clock::time_point::max()); }));
}

TEST_CASE("any duration and any clock will do") {
    fixture::at_each_worker_count([] {
        const auto start = gofer::Clock::now();
        gofer::sleep_for(std::chrono::duration<double, std::milli>{1.5});
        VERIFY(gofer::Clock::now() - start >= 1500us);
        const auto goal = std::chrono::system_clock::now() + 2ms;
        gofer::sleep_until(goal);
        VERIFY(std::chrono::system_clock::now() >= goal);
    });
}

TEST_CASE("one that sleeps keeps nobody else from running, on one worker too") {
    const auto turns_meanwhile = [] {
        std::atomic<bool> awake{false};
        gofer::WaitGroup wg;
        wg.go([&] {
            gofer::sleep_for(20ms);
            awake = true;
        });
        int turns = 0;
        while (!awake) {
            ++turns;
            gofer::yield();
        }
        wg.wait();
        return turns;
    };
    fixture::at_each_worker_count([&] {
        // A machine under load may let nobody run for as long as the sleep lasts: then once more.
        int turns = 0;
        for (int attempt = 0; attempt < 10 && turns <= 10; ++attempt) turns = turns_meanwhile();
        VERIFY(turns > 10);
    });
}

TEST_CASE("a hundred that sleep together take about as long as one") {
    const auto sleep_together = [] {
        gofer::WaitGroup wg;
        const auto start = gofer::Clock::now();
        for (int i = 0; i < 100; ++i) wg.go([] { gofer::sleep_for(50ms); });
        wg.wait();
        return gofer::Clock::now() - start;
    };
    fixture::at_each_worker_count([&] {
        auto took = sleep_together();
        VERIFY(took >= 50ms);
        // A machine under load may let nobody run for that long: then once more.
        for (int attempt = 0; attempt < 10 && took >= 100 * 50ms / 2; ++attempt) took = sleep_together();
        VERIFY(took < 100 * 50ms / 2);
    });
}

TEST_CASE("a pair that keeps each other busy cannot hold back a sleeper, on one worker too") {
    fixture::at_each_worker_count([] {
        std::atomic<bool> stop{false};
        const gofer::Channel<bool> c(1);
        gofer::go([&stop, c] {
            while (!stop) c.send(true);
            c.close();
        });
        gofer::go([&stop] {
            gofer::sleep_for(1us);
            stop = true;
        });
        while (c.receive()) {}
        VERIFY(stop);
    });
}

TEST_CASE("plain threads sleep") {
    fixture::on_a_plain_thread([] {
        const auto start = gofer::Clock::now();
        gofer::sleep_for(2ms);
        VERIFY(gofer::Clock::now() - start >= 2ms);
        gofer::sleep_until(start + 4ms);
        VERIFY(gofer::Clock::now() - start >= 4ms);
        gofer::sleep_for(-1h);
    });
}

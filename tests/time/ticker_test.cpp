// Ticker: ticks that neither drift nor pile up.
// After the ideas of TestTicker, TestTickerStopWithDirectInitialization, TestNewTickerLtZeroDuration,
// TestTickerResetLtZeroDuration and TestTickTimes in golang/go src/time/tick_test.go.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/hop.hpp"

using namespace std::chrono_literals;
using Moment = gofer::Clock::time_point;

TEST_CASE("every tick is a whole number of periods after the first, and none comes before its time") {
    fixture::at_each_worker_count([] {
        const Moment start = gofer::Clock::now();
        const gofer::Ticker ticker{700us};
        const Moment first = *ticker.channel().receive();
        VERIFY(first >= start + 700us);
        Moment last = first;
        for (int i = 0; i < 20; ++i) {
            const Moment tick = *ticker.channel().receive();
            VERIFY(tick <= gofer::Clock::now());
            VERIFY(tick > last);
            VERIFY((tick - first) % 700us == 0ns);
            last = tick;
        }
    });
}

TEST_CASE("a slow receiver gets the first tick it missed, and then the next that is to come") {
    fixture::at_each_worker_count([] {
        const gofer::Ticker ticker{1ms};
        const auto c = ticker.channel();
        for (int round = 0; round < 3; ++round) {
            const Moment tick = *c.receive();
            const Moment received = gofer::Clock::now();
            gofer::sleep_for(5ms);
            const Moment woke = gofer::Clock::now();
            const Moment missed = *c.receive();
            VERIFY(missed > tick && (missed - tick) % 1ms == 0ns);
            VERIFY(missed <= received + 1ms);
            const Moment next = *c.receive();
            VERIFY(next > woke && (next - missed) % 1ms == 0ns);
        }
    });
}

TEST_CASE("at most one tick waits") {
    fixture::at_each_worker_count([] {
        const gofer::Ticker ticker{500ms};
        const Moment start = gofer::Clock::now();
        ticker.reset(20ms);
        gofer::sleep_for(70ms);
        int ticks = 0;
        while (ticker.channel().try_receive()) ++ticks;
        // On a machine under load another one may come in between.
        VERIFY(ticks >= 1 && (ticks == 1 || gofer::Clock::now() - start > 80ms));
    });
}

TEST_CASE("the channel is as unbuffered, and never closed") {
    const gofer::Ticker ticker{1ns};
    const auto c = ticker.channel();
    CHECK(c.receive());
    CHECK(c.size() == 0);
    CHECK(c.capacity() == 0);
    ticker.stop();
    CHECK_FALSE(c.closed());
}

TEST_CASE("after stop there is no tick, not even the one that waited") {
    fixture::at_each_worker_count([] {
        const gofer::Ticker ticker{1us};
        gofer::sleep_for(1ms);
        ticker.stop();
        VERIFY(ticker.channel().try_receive().empty());
        VERIFY(!ticker.channel().receive_for(2ms));
        ticker.stop();
    });
}

TEST_CASE("reset counts from now with the new period, also after stop") {
    fixture::at_each_worker_count([] {
        const gofer::Ticker ticker{1h};
        for (int round = 0; round < 2; ++round) {
            const Moment start = gofer::Clock::now();
            ticker.reset(2ms);
            const Moment first = *ticker.channel().receive();
            VERIFY(first >= start + 2ms);
            const Moment second = *ticker.channel().receive();
            VERIFY(second > first && (second - first) % 2ms == 0ns);
            ticker.stop();
        }
    });
}

TEST_CASE("a period of zero or less is refused, and a reset to it changes nothing") {
    CHECK_THROWS_AS(gofer::Ticker{0s}, std::invalid_argument);
    CHECK_THROWS_AS(gofer::Ticker{-1ns}, std::invalid_argument);
    CHECK_THROWS_AS(gofer::Ticker{std::chrono::hours::min()}, std::invalid_argument);
    CHECK_THROWS_AS(gofer::Ticker{std::chrono::duration<double>{std::nan("")}}, std::invalid_argument);
    const gofer::Ticker ticker{1ms};
    CHECK_THROWS_AS(ticker.reset(0s), std::invalid_argument);
    CHECK_THROWS_AS(ticker.reset(-1h), std::invalid_argument);
    CHECK(ticker.channel().receive());
    CHECK(ticker.channel().receive());
}

TEST_CASE("the longest period never ticks, and the shortest at every look") {
    CHECK(fixture::parks_for_ever([] { gofer::Ticker{std::chrono::hours::max()}.channel().receive(); }));
    const gofer::Ticker ticker{std::chrono::duration<double, std::nano>{0.1}};
    for (int i = 0; i < 100; ++i) CHECK(ticker.channel().receive());
}

TEST_CASE("each tick wakes one of those who wait, in a receive or in a select") {
    fixture::at_each_worker_count([] {
        const gofer::Ticker ticker{200us};
        const gofer::Channel<gofer::Unit> quit;
        const gofer::Channel<Moment> ticks(1000);
        gofer::WaitGroup wg;
        for (int i = 0; i < 8; ++i)
            wg.go([=, c = ticker.channel()] {
                for (int n = 0; n < 10; ++n) {
                    if (i % 2 == 0) {
                        ticks.send(*c.receive());
                        continue;
                    }
                    gofer::select(gofer::recv(quit), gofer::recv(c, [&](std::optional<Moment> tick) { ticks.send(*tick); }));
                }
            });
        wg.wait();
        ticks.close();
        std::vector<Moment> all;
        for (const Moment tick : ticks) all.push_back(tick);
        std::sort(all.begin(), all.end());
        VERIFY(all.size() == 80);
        VERIFY(std::adjacent_find(all.begin(), all.end()) == all.end());
    });
}

TEST_CASE("of a thousand that wait, few wake in vain") {
    auto count_parks = [] {
        constexpr int waiting = 1000, ticks = 20;
        const gofer::Ticker ticker{1h};
        const gofer::Channel<gofer::Unit> quit;
        std::atomic<int> got{0};
        gofer::WaitGroup wg;
        for (int i = 0; i < waiting; ++i)
            wg.go([&] {
                while (gofer::select(gofer::recv(quit), gofer::recv(ticker.channel())) == 1) ++got;
            });
        fixture::parked_reaches(waiting);
        const auto before = gofer::Runtime::current().stats().parks;
        ticker.reset(300us);
        VERIFY(fixture::eventually([&] { return got >= ticks; }));
        ticker.stop();
        const auto after = gofer::Runtime::current().stats().parks;
        // Each tick is taken by one, which passes the watch on to another. A slow machine takes more than the twenty.
        VERIFY(after - before < waiting / 10 * static_cast<std::uint64_t>(got.load()));
        quit.close();
        wg.wait();
    };
    fixture::at_workers(1, count_parks);
    fixture::at_workers(2, count_parks);
}

TEST_CASE("who waits for a tick gets it though the one on watch left for another reason") {
    fixture::at_each_worker_count([] {
        for (int round = 0; round < 30; ++round) {
            const gofer::Timer t{1h};
            const gofer::Channel<int> other;
            gofer::WaitGroup wg;
            wg.go([&] { VERIFY(gofer::select(gofer::recv(other), gofer::recv(t.channel())) == 0); });
            fixture::parked_reaches(1);
            wg.go([&] { VERIFY(t.channel().receive()); }); // follows
            fixture::parked_reaches(2);
            gofer::WaitGroup impatient;
            impatient.go([&] { VERIFY(!t.channel().receive_for(100us * (round % 3))); });
            other.send(1);
            impatient.wait();
            t.reset(100us * (round % 2));
            wg.wait();
        }
    });
}

TEST_CASE("a ticker on its own does nothing: no timer is armed while nobody waits") {
    const fixture::LeakProof proof;
    const gofer::Ticker ticker{1us};
    const gofer::Timer timer{1us};
    proof.require_clean();
}

TEST_CASE("plain threads share a ticker with goroutines") {
    const gofer::Ticker ticker{300us};
    std::atomic<int> got{0};
    auto receive_ten = [&] {
        for (int i = 0; i < 10; ++i) got += ticker.channel().receive().has_value();
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back(receive_ten);
    gofer::run([&] {
        gofer::WaitGroup wg;
        for (int i = 0; i < 3; ++i) wg.go(receive_ten);
        wg.wait();
    });
    for (std::thread& thread : threads) thread.join();
    CHECK(got == 60);
}

TEST_CASE("goroutines that share a ticker share its ticks") {
    fixture::at_each_worker_count([] {
        const gofer::Ticker ticker{200us};
        const auto c = ticker.channel();
        constexpr std::size_t sharers = 4;
        std::atomic<int> ticks[sharers] = {};
        std::atomic<bool> over{false};
        gofer::WaitGroup wg;
        for (auto& mine : ticks)
            wg.go([&, c] {
                for (bool select = false; !over; select = !select) {
                    if (select)
                        gofer::select(gofer::recv(c));
                    else
                        c.receive();
                    ++mine;
                }
            });
        const auto has_enough = [](const std::atomic<int>& n) { return n >= 20; };
        VERIFY(fixture::eventually([&] { return std::all_of(ticks, ticks + sharers, has_enough); }));
        over = true;
        wg.wait();
    });
}

TEST_CASE("who shares a ticker with a pinned goroutine gets ticks while that one's thread is held") {
    gofer::run(fixture::with_workers(3), [] {
        const gofer::Ticker ticker{1ms};
        const auto c = ticker.channel();
        std::atomic<bool> held{false}, over{false};
        gofer::WaitGroup wg, holders;
        wg.go([&, c] {
            const gofer::this_goroutine::Pin pin;
            const pid_t mine = fixture::thread_now();
            while (!held) {
                holders.go([&, mine] {
                    if (fixture::thread_now() != mine || held.exchange(true)) return;
                    while (!over) std::this_thread::yield();
                });
                c.receive();
            }
        });
        VERIFY(fixture::eventually([&] { return held.load(); }));
        for (int i = 0; i < 3; ++i) VERIFY(c.receive_for(30s));
        over = true;
        wg.wait();
        holders.wait();
    });
    fixture::require_no_failures();
}

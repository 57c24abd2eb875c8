// Timer: stop, reset, and no value of before after either.
// After the ideas of TestAfterStop, TestReset, TestChan, TestTimerModifiedEarlier and the rules of Go 1.23 in golang/go
// src/time/{sleep,tick}_test.go.
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;
using Moment = gofer::Clock::time_point;

TEST_CASE("a timer delivers one value at its time") {
    fixture::at_each_worker_count([] {
        const Moment start = gofer::Clock::now();
        const gofer::Timer t{2ms};
        const std::optional<Moment> moment = t.channel().receive();
        VERIFY(moment && *moment >= start + 2ms && *moment <= gofer::Clock::now());
        VERIFY(t.channel().try_receive().empty());
        VERIFY(!t.stop());
    });
}

TEST_CASE("a stopped timer says that it ran, once, and delivers nothing") {
    fixture::at_each_worker_count([] {
        const gofer::Timer t{2ms};
        VERIFY(t.stop());
        VERIFY(!t.stop());
        VERIFY(!t.channel().receive_for(5ms));
    });
}

TEST_CASE("a value that nobody received is gone after stop and after reset, and they say that they took it") {
    fixture::at_each_worker_count([] {
        const gofer::Timer t{0s};
        VERIFY(t.stop());
        VERIFY(t.channel().try_receive().empty());
        VERIFY(!t.reset(-1s));
        VERIFY(t.reset(1h));
        VERIFY(t.channel().try_receive().empty());
        VERIFY(t.reset(0s));
        VERIFY(t.channel().try_receive().has_value());
        VERIFY(!t.stop());
    });
}

TEST_CASE("the channel's size and capacity are zero whatever waits in it") {
    const gofer::Timer t{0s};
    CHECK(t.channel().size() == 0);
    CHECK(t.channel().capacity() == 0);
    CHECK(t.channel().receive());
    CHECK(t.channel().size() == 0);
}

TEST_CASE("reset says whether it was running, and counts from now") {
    fixture::at_each_worker_count([] {
        const gofer::Timer t{1h};
        const Moment start = gofer::Clock::now();
        VERIFY(t.reset(2ms));
        const auto moment = t.channel().receive();
        VERIFY(moment && *moment >= start + 2ms && *moment < start + 1h);
        VERIFY(!t.reset(1ms));
        VERIFY(t.channel().receive());
    });
}

TEST_CASE("one that waits is woken by a reset to an earlier time, also of a timer that was stopped") {
    fixture::at_each_worker_count([] {
        for (const bool stopped : {false, true})
            for (const bool selects : {false, true}) {
                const gofer::Timer t{1h};
                if (stopped) t.stop();
                const gofer::Channel<int> never;
                gofer::WaitGroup wg;
                wg.go([&] {
                    if (selects)
                        VERIFY(gofer::select(gofer::recv(never), gofer::recv(t.channel())) == 1);
                    else
                        VERIFY(t.channel().receive());
                });
                fixture::parked_reaches(1);
                VERIFY(t.reset(1ms) == !stopped);
                wg.wait();
            }
    });
}

TEST_CASE("one that waits gets nothing at the old time when the timer was put off or stopped") {
    fixture::at_each_worker_count([] {
        const Moment start = gofer::Clock::now();
        const gofer::Timer put_off{10ms}, stopped{10ms};
        const gofer::Channel<Moment> came(1);
        const gofer::Channel<bool> silent(2);
        gofer::go([=] { came.send(*put_off.channel().receive()); });
        gofer::go([=] { silent.send(!stopped.channel().receive_for(20ms)); });
        gofer::go([=] { silent.send(gofer::select(gofer::recv(stopped.channel()), gofer::timeout(20ms)) == 1); });
        VERIFY(fixture::eventually([&] {
            return gofer::Runtime::current().stats().parked >= 3 || came.size() + silent.size() > 0;
        }));
        const bool in_time[] = {put_off.reset(20ms), stopped.stop()}; // on a machine under load they may be late
        const Moment moment = *came.receive();
        const bool both[] = {*silent.receive(), *silent.receive()};
        VERIFY(!in_time[0] || moment >= start + 20ms);
        VERIFY(!in_time[1] || (both[0] && both[1]));
    });
}

TEST_CASE("a watchdog that is fed does not bark, and barks when it is not") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> food;
        const gofer::Timer dog{1h};
        gofer::WaitGroup wg;
        int fed = 0;
        wg.go([&] {
            while (gofer::select(gofer::recv(food), gofer::recv(dog.channel())) == 0) {
                ++fed;
                dog.stop();
                dog.reset(fed < 500 ? std::chrono::microseconds{1h} : 1ms);
            }
        });
        for (int i = 0; i < 500; ++i) food.send(i);
        wg.wait();
        VERIFY(fed == 500);
    });
}

TEST_CASE("copies are one timer, and the channel outlives them all") {
    fixture::at_each_worker_count([] {
        std::optional<gofer::Timer> t{1h};
        const gofer::Timer copy = *t;
        VERIFY(copy.channel() == t->channel());
        VERIFY(copy.stop());
        VERIFY(!t->reset(2ms));
        const auto c = gofer::Timer{2ms}.channel();
        t.reset();
        VERIFY(copy.channel().receive());
        VERIFY(c.receive());
    });
}

TEST_CASE("a timer and a ticker that were moved from are timers still") {
    gofer::Timer timer(1h);
    const gofer::Timer there = std::move(timer);
    CHECK(timer.stop());
    CHECK_FALSE(there.reset(1h));
    gofer::Ticker ticker(1h);
    const gofer::Ticker beside = std::move(ticker);
    ticker.reset(2h);
    ticker.stop();
    CHECK(ticker.channel() == beside.channel());
}

TEST_CASE("a timer may be destroyed while one waits on its channel") {
    fixture::at_each_worker_count([] {
        std::optional<gofer::Timer> t{1h};
        gofer::WaitGroup wg;
        wg.go([c = t->channel()] { VERIFY(c.receive()); });
        fixture::parked_reaches(1);
        VERIFY(t->reset(5ms));
        t.reset();
        wg.wait();
    });
}

TEST_CASE("stop and reset come from plain threads, too") {
    fixture::at_each_worker_count([] {
        const gofer::Timer t{1h};
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(t.channel().receive()); });
        fixture::parked_reaches(1);
        std::thread{[&] {
            VERIFY(t.stop());
            VERIFY(!t.reset(1ms));
        }}.join();
        wg.wait();
    });
}

TEST_CASE("waiters of several runtimes and plain threads share one timer, and each value reaches one of them") {
    const gofer::Timer t{1h};
    std::atomic<int> got{0};
    const int all = 12;
    auto receive_once = [&] {
        t.channel().receive();
        ++got;
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i)
        threads.emplace_back([&] {
            gofer::run(fixture::with_workers(2), [&] {
                gofer::WaitGroup wg;
                for (int k = 0; k < all / 3; ++k) wg.go(receive_once);
                wg.wait();
            });
        });
    for (int i = 0; i < all / 3; ++i) threads.emplace_back(receive_once);
    for (int i = 0; i < all; ++i) {
        t.reset(i % 3 == 0 ? 0us : 300us);
        CHECK(fixture::eventually([&] { return got == i + 1; }));
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(got == all);
}

TEST_CASE("one that was abandoned while it waited keeps nobody else from the value") {
    const gofer::Timer t{1h};
    CHECK(fixture::parks_for_ever([c = t.channel()] { c.receive(); }));
    CHECK(fixture::parks_for_ever([c = t.channel()] { gofer::select(gofer::recv(c)); }));
    gofer::run([&] {
        gofer::WaitGroup wg;
        std::atomic<int> got{0};
        for (int i = 0; i < 3; ++i)
            wg.go([&] {
                t.channel().receive();
                ++got;
            });
        fixture::parked_reaches(3);
        for (int i = 0; i < 3; ++i) {
            t.reset(1ms);
            VERIFY(fixture::eventually([&] { return got == i + 1; }));
        }
        wg.wait();
    });
    fixture::require_no_failures();
}

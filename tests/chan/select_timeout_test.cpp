// timeout(d) in a select: when it counts, which of several, and that it leaves no timer behind.
#include <chrono>
#include <cstddef>
#include <optional>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("timeout ends a select in which nothing gets ready, no earlier than its time") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        const auto start = gofer::Clock::now();
        VERIFY(gofer::select(gofer::recv(c), gofer::timeout(3ms)) == 1);
        VERIFY(gofer::Clock::now() - start >= 3ms);
        VERIFY(!c.try_send(1));
    });
}

TEST_CASE("timeout alone is a sleep") {
    fixture::at_each_worker_count([] {
        const auto start = gofer::Clock::now();
        VERIFY(gofer::select(gofer::timeout(2ms)) == 0);
        VERIFY(gofer::Clock::now() - start >= 2ms);
    });
}

TEST_CASE("a timeout of zero or less ends the select at once") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        VERIFY(gofer::select(gofer::recv(c), gofer::timeout(0ns)) == 1);
        VERIFY(gofer::select(gofer::recv(c), gofer::timeout(-1s)) == 1);
        VERIFY(gofer::select(gofer::timeout(std::chrono::nanoseconds::min()), gofer::recv(c)) == 0);
    });
}

TEST_CASE("a case that is ready goes before a timeout of zero") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c(1);
        for (int i = 0; i < 50; ++i) {
            c.send(i);
            VERIFY(gofer::select(gofer::timeout(0ns), gofer::recv(c)) == 1);
        }
    });
}

TEST_CASE("the shortest of several timeouts counts") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        VERIFY(gofer::select(gofer::timeout(1h), gofer::timeout(1ms), gofer::recv(c)) == 1);
        VERIFY(gofer::select(gofer::timeout(1ms), gofer::recv(c), gofer::timeout(1h)) == 0);
        VERIFY(gofer::select(gofer::timeout(1h), gofer::recv(c), gofer::timeout(-1h)) == 2);
    });
}

TEST_CASE("a case that gets ready ends the select long before its timeout, and the timer goes too") {
    fixture::at_each_worker_count([] {
        const std::size_t before = gofer::debug::census().timers;
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go([&] {
            std::optional<int> slot;
            VERIFY(gofer::select(gofer::timeout(1h), gofer::recv(c, slot)) == 1);
            VERIFY(slot == 3);
        });
        fixture::parked_reaches(1);
        VERIFY(gofer::debug::census().timers == before + 1);
        c.send(3);
        wg.wait();
        VERIFY(gofer::debug::census().timers == before);
    });
}

TEST_CASE("the handler of the timeout that counts runs, and no other") {
    const gofer::Channel<int> c;
    int longer = 0, shorter = 0, received = 0;
    gofer::select(gofer::recv(c, [&] { ++received; }), gofer::timeout(1h, [&] { ++longer; }),
                  gofer::timeout(1ms, [&] { ++shorter; }));
    CHECK(longer == 0);
    CHECK(shorter == 1);
    CHECK(received == 0);
}

TEST_CASE("the longest timeout is for ever, not the past") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(gofer::select(gofer::recv(c), gofer::timeout(std::chrono::hours::max())) == 0); });
        fixture::parked_reaches(1);
        c.send(1);
        wg.wait();
    });
}

TEST_CASE("a select may time out again and again on one channel") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        for (int i = 0; i < 20; ++i) VERIFY(gofer::select(gofer::recv(c), gofer::timeout(20us)) == 1);
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(c.receive() == 1); });
        c.send(1);
        wg.wait();
    });
}

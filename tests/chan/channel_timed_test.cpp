// Sends and receives with a time limit: who wins, what the loser leaves behind, and how long it takes.
#include <chrono>
#include <memory>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

using Nanoseconds = std::chrono::nanoseconds;

} // namespace

TEST_CASE("receive_for gives up no earlier than its time") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        const auto start = gofer::Clock::now();
        VERIFY(!c.receive_for(3ms).has_value());
        VERIFY(gofer::Clock::now() - start >= 3ms);
        VERIFY(!c.closed());
    });
}

TEST_CASE("send_for gives up no earlier than its time and leaves the value untouched") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::unique_ptr<int>> c;
        auto value = std::make_unique<int>(1);
        const auto start = gofer::Clock::now();
        VERIFY(!c.send_for(std::move(value), 3ms));
        VERIFY(gofer::Clock::now() - start >= 3ms);
        VERIFY(value != nullptr && *value == 1);
    });
}

TEST_CASE("a time limit of zero or less is a try") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c(1);
        for (const Nanoseconds limit : {Nanoseconds{0}, Nanoseconds{-1}, Nanoseconds::min()}) {
            VERIFY(!c.receive_for(limit).has_value());
            VERIFY(c.send_for(1, limit));
            VERIFY(!c.send_for(2, limit));
            VERIFY(c.receive_for(limit) == 1);
        }
    });
}

TEST_CASE("a point in time that has passed is a try") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c(1);
        const auto past = gofer::Clock::now() - 1h;
        VERIFY(!c.receive_until(past).has_value());
        VERIFY(c.send_until(1, past));
        VERIFY(c.receive_until(past) == 1);
    });
}

TEST_CASE("a timed wait ends at once when the other side comes") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(c.receive_for(1h) == 1); });
        fixture::parked_reaches(1);
        c.send(1);
        wg.wait();
        wg.go([&] { VERIFY(c.send_for(2, 1h)); });
        fixture::parked_reaches(1);
        VERIFY(c.receive() == 2);
        wg.wait();
    });
}

TEST_CASE("the longest of durations is for ever, not the past") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(c.receive_for(std::chrono::hours::max()) == 1); });
        wg.go([&] { VERIFY(c.receive_until(gofer::Clock::time_point::max()) == 1); });
        wg.go([&] { VERIFY(c.receive_for(std::chrono::duration<double>{1e300}) == 1); });
        fixture::parked_reaches(3);
        for (int i = 0; i < 3; ++i) c.send(1);
        wg.wait();
    });
}

TEST_CASE("close ends a timed wait: nullopt for a receiver, ChannelClosed for a sender") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> in, out;
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(!in.receive_for(1h).has_value()); });
        wg.go([&] { VERIFY(fixture::throws<gofer::ChannelClosed>([&] { (void)out.send_for(1, 1h); })); });
        fixture::parked_reaches(2);
        in.close();
        out.close();
        wg.wait();
        VERIFY(!in.receive_for(1h).has_value());
        VERIFY(fixture::throws<gofer::ChannelClosed>([&] { (void)out.send_for(1, 0ms); }));
    });
}

TEST_CASE("a receiver whose time has run out takes no later value") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        VERIFY(!c.receive_for(100us).has_value());
        VERIFY(!c.try_send(1));
        gofer::WaitGroup wg;
        wg.go([&] { c.send(2); });
        VERIFY(c.receive() == 2);
        wg.wait();
    });
}

TEST_CASE("a sender whose time has run out leaves no value behind") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        VERIFY(!c.send_for(1, 100us));
        VERIFY(c.try_receive().empty());
    });
}

TEST_CASE("one that times out between two others leaves their order alone") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup first, second, timed;
        first.go([&] { VERIFY(c.receive() == 1); });
        fixture::parked_reaches(1);
        timed.go([&] { VERIFY(!c.receive_for(2ms).has_value()); });
        second.go([&] { VERIFY(c.receive() == 2); });
        timed.wait();
        fixture::parked_reaches(2);
        c.send(1);
        first.wait();
        c.send(2);
        second.wait();
    });
}

TEST_CASE("a timed wait that was served leaves no timer behind") {
    fixture::at_each_worker_count([] {
        const std::size_t before = gofer::debug::census().timers;
        const gofer::Channel<int> c(1);
        c.send(1);
        VERIFY(c.receive_for(1h) == 1);
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(c.receive_for(1h) == 2); });
        fixture::parked_reaches(1);
        c.send(2);
        wg.wait();
        VERIFY(gofer::debug::census().timers == before);
    });
}

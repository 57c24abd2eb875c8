// after: one value, not too early, and nothing left behind when nobody wants it.
// After the ideas of TestAfter, TestAfterTick and TestZeroTimer in golang/go src/time/{sleep,tick}_test.go.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;
using Moment = gofer::Clock::time_point;

TEST_CASE("after delivers the moment it was asked for, and not before that") {
    fixture::at_each_worker_count([] {
        for (const auto d : {1us, 100us, 3000us}) {
            const Moment start = gofer::Clock::now();
            const std::optional<Moment> moment = gofer::after(d).receive();
            const Moment now = gofer::Clock::now();
            VERIFY(moment && *moment >= start + d && *moment <= now);
        }
    });
}

TEST_CASE("after zero or less there is a value at once") {
    fixture::at_each_worker_count([] {
        VERIFY(gofer::after(0s).try_receive().has_value());
        VERIFY(gofer::after(-1h).try_receive().has_value());
        VERIFY(gofer::after(std::chrono::nanoseconds::min()).try_receive().has_value());
        VERIFY(gofer::select(gofer::recv(gofer::after(0s)), gofer::otherwise()) == 0);
    });
}

TEST_CASE("there is one value and no second, and the channel stays open") {
    fixture::at_each_worker_count([] {
        const auto c = gofer::after(1us);
        VERIFY(c.receive());
        VERIFY(!c.receive_for(1ms));
        VERIFY(c.try_receive().empty());
        VERIFY(!c.closed());
    });
}

TEST_CASE("the channel is as unbuffered, before its time and after") {
    const auto later = gofer::after(1h);
    const auto now = gofer::after(0s);
    for (const auto& c : {later, now}) {
        CHECK(c.size() == 0);
        CHECK(c.capacity() == 0);
    }
    CHECK(later.try_receive().empty());
}

TEST_CASE("values come in the order of their times, whatever the order of asking") {
    fixture::at_each_worker_count([] {
        const Moment start = gofer::Clock::now();
        const gofer::Channel<Moment> all(8);
        for (const int turn : {5, 2, 7, 0, 3, 6, 1, 4})
            gofer::go([all, c = gofer::after(start + turn * 3ms + 1ms - gofer::Clock::now())] { all.send(*c.receive()); });
        std::vector<Moment> came;
        for (int i = 0; i < 8; ++i) came.push_back(*all.receive());
        // Two may be received at one moment, and change places: each by itself is on time.
        std::sort(came.begin(), came.end());
        for (int i = 0; i < 8; ++i) VERIFY(came[static_cast<std::size_t>(i)] >= start + i * 3ms + 1ms - 500us);
    });
}

TEST_CASE("a select takes the answer if it comes in time, and after's value if not") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> answers(1), never;
        answers.send(1);
        VERIFY(gofer::select(gofer::recv(answers), gofer::recv(gofer::after(1h))) == 0);
        VERIFY(gofer::select(gofer::recv(never), gofer::recv(gofer::after(1ms))) == 1);
        VERIFY(gofer::select(gofer::recv(gofer::after(1h)), gofer::recv(gofer::after(1ms)), gofer::timeout(1h)) == 1);
        VERIFY(gofer::select(gofer::recv(gofer::after(1h)), gofer::timeout(1ms)) == 1);
        gofer::go([answers] { answers.send(2); });
        VERIFY(gofer::select(gofer::recv(gofer::after(1h)), gofer::recv(answers)) == 1);
    });
}

TEST_CASE("a select over several that are ready takes each now and then") {
    fixture::at_each_worker_count([] {
        int taken[2] = {0, 0};
        for (int i = 0; i < 200; ++i)
            ++taken[gofer::select(gofer::recv(gofer::after(0s)), gofer::recv(gofer::after(0s)))];
        VERIFY(taken[0] > 0 && taken[1] > 0);
    });
}

TEST_CASE("a kept SelectCase on a timer's channel holds the channel") {
    fixture::at_each_worker_count([] {
        std::vector<gofer::SelectCase> cases;
        cases.push_back(gofer::recv(gofer::Channel<int>()));
        cases.push_back(gofer::recv(gofer::after(1ms)));
        VERIFY(gofer::select(cases) == 1);
    });
}

TEST_CASE("for ever never comes") {
    CHECK(fixture::parks_for_ever([] { gofer::after(std::chrono::hours::max()).receive(); }));
    CHECK(fixture::parks_for_ever([] { gofer::select(gofer::recv(gofer::after(std::chrono::hours::max()))); }));
}

TEST_CASE("of many that receive, one gets the value and the others wait on") {
    fixture::at_each_worker_count([] {
        const auto c = gofer::after(2ms);
        std::atomic<int> got{0};
        gofer::WaitGroup wg;
        for (int i = 0; i < 10; ++i)
            wg.go([&got, c] { got += c.receive_for(20ms).has_value(); });
        wg.wait();
        VERIFY(got == 1);
    });
}

TEST_CASE("plain threads receive and select as goroutines do") {
    fixture::on_a_plain_thread([] {
        const Moment start = gofer::Clock::now();
        VERIFY(gofer::after(2ms).receive());
        VERIFY(gofer::Clock::now() - start >= 2ms);
        VERIFY(gofer::select(gofer::recv(gofer::after(1h)), gofer::recv(gofer::after(1ms))) == 1);
        VERIFY(!gofer::after(1h).receive_for(1ms));
    });
}

TEST_CASE("what was asked for in a runtime that has ended still comes") {
    const auto c = gofer::run([] { return gofer::after(20ms); });
    CHECK(c.receive());
    const auto d = gofer::run([] { return gofer::after(20ms); });
    gofer::run([d] { VERIFY(d.receive()); });
    fixture::require_no_failures();
}

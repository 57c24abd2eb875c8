// What close does to those who wait, to those who come later, and to what is buffered.
// After the ideas of TestChan in golang/go src/runtime/chan_test.go and of test/chan/select3.go.
#include <atomic>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

constexpr int crowd = 50;

} // namespace

TEST_CASE("close wakes every blocked receiver") {
    fixture::at_each_worker_count([] {
        for (const int capacity : {0, 3}) {
            const gofer::Channel<int> c(capacity);
            std::atomic<int> woken{0};
            gofer::WaitGroup wg;
            for (int i = 0; i < crowd; ++i) {
                wg.go([&] {
                    VERIFY(!c.receive().has_value());
                    ++woken;
                });
            }
            fixture::parked_reaches(crowd);
            c.close();
            wg.wait();
            VERIFY(woken == crowd);
        }
    });
}

TEST_CASE("close wakes every blocked sender with ChannelClosed, and its value goes nowhere") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<fixture::Lone> c(1);
        c.send(fixture::Lone{0});
        std::atomic<int> thrown{0};
        gofer::WaitGroup wg;
        for (int i = 1; i <= crowd; ++i) {
            wg.go([&, i] {
                thrown += fixture::throws<gofer::ChannelClosed>([&] { c.send(fixture::Lone{i}); });
            });
        }
        fixture::parked_reaches(crowd);
        c.close();
        wg.wait();
        VERIFY(thrown == crowd);
        VERIFY(c.receive()->value == 0);
        VERIFY(!c.receive().has_value());
    });
}

TEST_CASE("what was buffered before close is still received, in order") {
    const gofer::Channel<int> c(5);
    for (int i = 0; i < 5; ++i) c.send(i);
    c.close();
    for (int i = 0; i < 5; ++i) CHECK(c.receive() == i);
    CHECK_FALSE(c.receive().has_value());
}

TEST_CASE("a receive on a closed and drained channel never waits") {
    const gofer::Channel<int> c;
    c.close();
    for (int i = 0; i < 10; ++i) CHECK_FALSE(c.receive().has_value());
}

TEST_CASE("a send on a closed channel throws ChannelClosed, room in the buffer or not") {
    for (const int capacity : {0, 1}) {
        const gofer::Channel<int> c(capacity);
        c.close();
        CHECK_THROWS_AS(c.send(1), gofer::ChannelClosed);
        CHECK(c.size() == 0);
    }
}

TEST_CASE("ChannelClosed is a std::logic_error with a message") {
    STATIC_REQUIRE(std::is_base_of_v<std::logic_error, gofer::ChannelClosed>);
    const gofer::Channel<int> c;
    c.close();
    try {
        c.send(1);
    } catch (const std::logic_error& error) {
        CHECK(std::string{error.what()}.find("gofer") != std::string::npos);
    }
}

TEST_CASE("closing a closed channel throws ChannelClosed") {
    const gofer::Channel<int> c;
    c.close();
    CHECK_THROWS_AS(c.close(), gofer::ChannelClosed);
}

TEST_CASE("closed tells of close, also while values are left") {
    const gofer::Channel<int> c(1);
    CHECK_FALSE(c.closed());
    c.send(1);
    c.close();
    CHECK(c.closed());
    CHECK(c.size() == 1);
}

TEST_CASE("range-for ends when the channel is closed and drained") {
    fixture::at_each_worker_count([] {
        for (const int capacity : {0, 10}) {
            const gofer::Channel<int> c(capacity);
            gofer::go([c] {
                for (int i = 0; i < 100; ++i) c.send(i);
                c.close();
            });
            int expected = 0;
            for (int v : c) VERIFY(v == expected++);
            VERIFY(expected == 100);
        }
    });
}

TEST_CASE("of many who close at once exactly one succeeds") {
    fixture::at_each_worker_count([] {
        for (int round = 0; round < 50; ++round) {
            const gofer::Channel<int> c;
            std::atomic<int> refused{0};
            gofer::WaitGroup wg;
            for (int i = 0; i < 4; ++i) {
                wg.go([&] { refused += fixture::throws<gofer::ChannelClosed>([&] { c.close(); }); });
            }
            wg.wait();
            VERIFY(refused == 3);
        }
    });
}

TEST_CASE("one woken by close finds the channel closed in every way") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go([&] {
            VERIFY(!c.receive().has_value());
            VERIFY(c.closed());
            VERIFY(c.try_receive().closed());
            VERIFY(fixture::throws<gofer::ChannelClosed>([&] { c.send(1); }));
        });
        fixture::parked_reaches(1);
        c.close();
        wg.wait();
    });
}

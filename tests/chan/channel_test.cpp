// Channels as such: what blocks, what does not, in which order values and waiters go.
// After the ideas of TestChan in golang/go src/runtime/chan_test.go and of test/chan/fifo.go.
#include <atomic>
#include <cstddef>
#include <map>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

constexpr std::size_t capacities[] = {0, 1, 2, 7, 64};

template <class Body>
void at_each_capacity(Body body) {
    for (const std::size_t capacity : capacities) {
        INFO("capacity: " << capacity);
        fixture::at_each_worker_count([&] { body(gofer::Channel<int>(capacity)); });
    }
}

void fill(const gofer::Channel<int>& c) {
    for (std::size_t i = 0; i < c.capacity(); ++i) c.send(static_cast<int>(i));
}

} // namespace

TEST_CASE("a receive on an empty channel waits until a value is sent") {
    at_each_capacity([](gofer::Channel<int> c) {
        std::atomic<int> received{0};
        gofer::WaitGroup wg;
        for (int i = 0; i < 2; ++i) {
            wg.go([&] {
                VERIFY(c.receive() == 5);
                ++received;
            });
        }
        fixture::parked_reaches(2);
        VERIFY(received == 0);
        VERIFY(!c.try_receive().has_value());
        c.send(5);
        c.send(5);
        wg.wait();
        VERIFY(received == 2);
    });
}

TEST_CASE("a send on a full channel waits until a value is taken") {
    at_each_capacity([](gofer::Channel<int> c) {
        fill(c);
        std::atomic<bool> sent{false};
        gofer::WaitGroup wg;
        wg.go([&] {
            c.send(99);
            sent = true;
        });
        fixture::parked_reaches(1);
        VERIFY(!sent);
        VERIFY(!c.try_send(0));
        VERIFY(c.receive() == (c.capacity() == 0 ? 99 : 0));
        wg.wait();
        VERIFY(sent);
        VERIFY(c.size() == c.capacity());
    });
}

TEST_CASE("a send with room in the buffer does not wait") {
    at_each_capacity([](gofer::Channel<int> c) {
        fill(c);
        VERIFY(c.size() == c.capacity());
    });
}

TEST_CASE("values arrive in the order in which they were sent") {
    at_each_capacity([](gofer::Channel<int> c) {
        gofer::WaitGroup wg;
        wg.go([&] {
            for (int i = 0; i < 300; ++i) c.send(i);
        });
        for (int i = 0; i < 300; ++i) VERIFY(c.receive() == i);
        wg.wait();
    });
}

TEST_CASE("four senders and four receivers lose and double nothing") {
    constexpr int hands = 4, values = 250;
    at_each_capacity([](gofer::Channel<int> c) {
        gofer::Channel<std::map<int, int>> results;
        for (int h = 0; h < hands; ++h) {
            gofer::go([c] {
                for (int i = 0; i < values; ++i) c.send(i);
            });
            gofer::go([c, results] {
                std::map<int, int> seen;
                for (int i = 0; i < values; ++i) ++seen[c.receive().value()];
                results.send(std::move(seen));
            });
        }
        std::map<int, int> all;
        for (int h = 0; h < hands; ++h) {
            const std::map<int, int> seen = results.receive().value();
            for (const auto& [value, times] : seen) all[value] += times;
        }
        VERIFY(all.size() == values);
        for (const auto& [value, times] : all) VERIFY(times == hands);
    });
}

TEST_CASE("size and capacity tell what is buffered and what could be") {
    at_each_capacity([](gofer::Channel<int> c) {
        VERIFY(c.size() == 0);
        fill(c);
        VERIFY(c.size() == c.capacity());
        for (std::size_t left = c.capacity(); left > 0; --left) {
            VERIFY(c.size() == left);
            VERIFY(c.receive().has_value());
        }
        VERIFY(c.size() == 0);
    });
}

TEST_CASE("waiting senders are let in first come, first served") {
    at_each_capacity([](gofer::Channel<int> c) {
        fill(c);
        gofer::WaitGroup wg;
        for (int i = 0; i < 10; ++i) {
            wg.go([&c, i] { c.send(1000 + i); });
            fixture::parked_reaches(static_cast<std::size_t>(i) + 1);
        }
        for (std::size_t i = 0; i < c.capacity(); ++i) VERIFY(c.receive() == static_cast<int>(i));
        for (int i = 0; i < 10; ++i) VERIFY(c.receive() == 1000 + i);
        wg.wait();
    });
}

TEST_CASE("waiting receivers are served first come, first served") {
    at_each_capacity([](gofer::Channel<int> c) {
        std::vector<int> got(10, -1);
        gofer::WaitGroup wg;
        for (std::size_t i = 0; i < got.size(); ++i) {
            wg.go([&, i] { got[i] = c.receive().value(); });
            fixture::parked_reaches(i + 1);
        }
        for (int i = 0; i < 10; ++i) c.send(i);
        wg.wait();
        for (int i = 0; i < 10; ++i) VERIFY(got[static_cast<std::size_t>(i)] == i);
    });
}

TEST_CASE("a value goes to the waiting receiver and not to a later one") {
    at_each_capacity([](gofer::Channel<int> c) {
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(c.receive() == 3); });
        fixture::parked_reaches(1);
        c.send(3);
        VERIFY(c.size() == 0);
        VERIFY(c.try_receive().empty());
        wg.wait();
    });
}

TEST_CASE("links of unbuffered channels pass a token on in order") {
    constexpr int links = 10;
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> values;
        const gofer::Channel<gofer::Unit> start;
        gofer::Channel<gofer::Unit> in = start;
        for (int i = 0; i < links; ++i) {
            gofer::Channel<gofer::Unit> out;
            gofer::go([=] {
                in.receive();
                VERIFY(values.receive() == i);
                out.send({});
            });
            in = out;
        }
        start.send({});
        for (int i = 0; i < links; ++i) values.send(i);
        VERIFY(in.receive().has_value());
    });
}

TEST_CASE("a full channel looks full while the next sender's value takes the place of the one received") {
    static std::atomic<bool> slow, moving, go_on; // the move of the second value
    struct Value {
        explicit Value(int n) noexcept : value{n} {}
        Value(Value&& other) noexcept : value{other.value} {
            if (value != 2 || !slow) return;
            moving = true;
            while (!go_on) std::this_thread::yield();
        }
        Value& operator=(Value&&) = delete;
        int value;
    };
    auto body = [] {
        slow = moving = go_on = false;
        const gofer::Channel<Value> c(1);
        c.send(Value{1});
        gofer::WaitGroup wg;
        wg.go([c] { c.send(Value{2}); });
        fixture::parked_reaches(1);
        slow = true;
        std::thread receiver{[c] { VERIFY(c.receive()->value == 1); }};
        while (!moving) std::this_thread::yield();
        VERIFY(c.size() == 1);
        go_on = true;
        receiver.join();
        VERIFY(c.receive()->value == 2);
        wg.wait();
    };
    fixture::at_workers(2, body);
}

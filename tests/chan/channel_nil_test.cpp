// The nil channel: it blocks for ever, is never ready, and is what a moved-from handle holds.
// After the ideas of golang/go test/chan/select3.go.
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("the nil channel is empty, without room, and not closed") {
    const gofer::Channel<int> c(nullptr);
    CHECK(c == nullptr);
    CHECK(c.size() == 0);
    CHECK(c.capacity() == 0);
    CHECK_FALSE(c.closed());
}

TEST_CASE("a try on the nil channel fails and leaves the value alone") {
    const gofer::Channel<std::unique_ptr<int>> c(nullptr);
    auto value = std::make_unique<int>(1);
    CHECK_FALSE(c.try_send(std::move(value)));
    CHECK(value != nullptr);
    const auto result = c.try_receive();
    CHECK_FALSE(result.has_value());
    CHECK(result.empty());
    CHECK_FALSE(result.closed());
}

TEST_CASE("closing the nil channel throws ChannelClosed") {
    CHECK_THROWS_AS(gofer::Channel<int>(nullptr).close(), gofer::ChannelClosed);
}

TEST_CASE("a timed wait on the nil channel ends with its time") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c(nullptr);
        VERIFY(!c.send_for(1, 1ms));
        VERIFY(!c.receive_for(1ms).has_value());
    });
}

TEST_CASE("a handle becomes nil by assignment, by move, and by default at either end") {
    gofer::Channel<int> c;
    const gofer::Channel<int> moved = std::move(c);
    CHECK(c == nullptr); // NOLINT(bugprone-use-after-move): this is the claim
    CHECK(moved != nullptr);
    c = moved;
    CHECK(c == moved);
    c = nullptr;
    CHECK(c == nullptr);
    CHECK(gofer::Sender<int>{} == nullptr);
    CHECK(gofer::Receiver<int>{} == nullptr);
}

TEST_CASE("all nil channels are equal") {
    CHECK(gofer::Channel<int>(nullptr) == gofer::Channel<int>(nullptr));
}

TEST_CASE("a send on the nil channel blocks for ever") {
    CHECK(fixture::parks_for_ever([] { gofer::Channel<int>(nullptr).send(7); }));
}

TEST_CASE("a receive on the nil channel blocks for ever") {
    CHECK(fixture::parks_for_ever([] { gofer::Channel<int>(nullptr).receive(); }));
}

TEST_CASE("a range-for over the nil channel blocks for ever") {
    CHECK(fixture::parks_for_ever([] {
        for (int v : gofer::Channel<int>(nullptr)) static_cast<void>(v);
    }));
}

TEST_CASE("a select over no case blocks for ever") {
    CHECK(fixture::parks_for_ever([] { gofer::select(); }));
}

TEST_CASE("a select over nil channels only blocks for ever") {
    CHECK(fixture::parks_for_ever([] {
        const gofer::Channel<int> c(nullptr);
        gofer::select(gofer::recv(c), gofer::send(c, 7));
    }));
}

TEST_CASE("a nil channel in a select is never chosen") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> nil(nullptr), c(1);
        VERIFY(gofer::select(gofer::recv(nil), gofer::send(nil, 7), gofer::otherwise()) == 2);
        VERIFY(gofer::select(gofer::recv(nil), gofer::send(nil, 7), gofer::timeout(1ms)) == 2);
        VERIFY(gofer::select(gofer::recv(nil), gofer::send(nil, 7), gofer::send(c, 1)) == 2);
        VERIFY(gofer::select(gofer::recv(nil), gofer::recv(c), gofer::send(nil, 7)) == 1);
    });
}

TEST_CASE("setting a channel to nil takes its case out of a select") {
    fixture::at_each_worker_count([] {
        gofer::Channel<int> evens, odds;
        const auto produce = [](gofer::Sender<int> out, int from) {
            for (int i = from; i < 100; i += 2) out.send(i);
            out.close();
        };
        gofer::go(produce, evens, 0);
        gofer::go(produce, odds, 1);
        int sum = 0;
        const auto take_from = [&sum](gofer::Channel<int>& c) {
            return [&sum, &c](std::optional<int> v) {
                if (v)
                    sum += *v;
                else
                    c = nullptr;
            };
        };
        while (evens != nullptr || odds != nullptr) {
            gofer::select(gofer::recv(evens, take_from(evens)), gofer::recv(odds, take_from(odds)));
        }
        VERIFY(sum == 99 * 100 / 2);
    });
}

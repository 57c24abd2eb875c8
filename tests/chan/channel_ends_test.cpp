// Sender and Receiver: the two ends of a channel.
#include <chrono>
#include <type_traits>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

template <class End>
concept CanSend = requires(const End& end) {
    end.send(1);
};
template <class End>
concept CanReceive = requires(const End& end) {
    end.receive();
};
template <class End>
concept CanClose = requires(const End& end) {
    end.close();
};

} // namespace

TEST_CASE("a Sender sends and closes but cannot receive") {
    STATIC_REQUIRE(CanSend<gofer::Sender<int>>);
    STATIC_REQUIRE(CanClose<gofer::Sender<int>>);
    STATIC_REQUIRE_FALSE(CanReceive<gofer::Sender<int>>);
}

TEST_CASE("a Receiver receives but can neither send nor close") {
    STATIC_REQUIRE(CanReceive<gofer::Receiver<int>>);
    STATIC_REQUIRE_FALSE(CanSend<gofer::Receiver<int>>);
    STATIC_REQUIRE_FALSE(CanClose<gofer::Receiver<int>>);
}

TEST_CASE("a Channel converts to either end, and no end back") {
    STATIC_REQUIRE(std::is_convertible_v<gofer::Channel<int>, gofer::Sender<int>>);
    STATIC_REQUIRE(std::is_convertible_v<gofer::Channel<int>, gofer::Receiver<int>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<gofer::Sender<int>, gofer::Channel<int>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<gofer::Receiver<int>, gofer::Channel<int>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<gofer::Sender<int>, gofer::Receiver<int>>);
}

TEST_CASE("both ends are the channel they came from") {
    const gofer::Channel<int> c(2);
    const gofer::Sender<int> in = c;
    const gofer::Receiver<int> out = c;
    in.send(1);
    CHECK(in.size() == 1);
    CHECK(out.size() == 1);
    CHECK(in.capacity() == 2);
    CHECK(out.capacity() == 2);
    CHECK(out.receive() == 1);
    in.close();
    CHECK(in.closed());
    CHECK(out.closed());
    CHECK(c.closed());
}

TEST_CASE("ends compare by the channel they belong to") {
    const gofer::Channel<int> one, other;
    CHECK(gofer::Sender<int>{one} == gofer::Sender<int>{one});
    CHECK(gofer::Sender<int>{one} != gofer::Sender<int>{other});
    CHECK(gofer::Receiver<int>{one} == gofer::Receiver<int>{one});
    CHECK(gofer::Receiver<int>{one} != gofer::Receiver<int>{other});
}

TEST_CASE("each end has all forms of its operation") {
    const gofer::Channel<int> c(1);
    const gofer::Sender<int> in = c;
    const gofer::Receiver<int> out = c;
    CHECK(out.try_receive().empty());
    CHECK(in.try_send(1));
    CHECK_FALSE(in.try_send(2));
    CHECK_FALSE(in.send_for(2, 1ms));
    CHECK_FALSE(in.send_until(2, gofer::Clock::now()));
    CHECK(out.receive_for(1ms) == 1);
    CHECK_FALSE(out.receive_until(gofer::Clock::now()).has_value());
}

TEST_CASE("an end that is nil or moved from blocks and fails as the nil channel does") {
    gofer::Sender<int> in = gofer::Channel<int>(1);
    const gofer::Sender<int> taken = std::move(in);
    CHECK(in == nullptr); // NOLINT(bugprone-use-after-move): this is the claim
    CHECK_FALSE(in.try_send(1));
    CHECK(taken.try_send(1));
    const gofer::Receiver<int> out;
    CHECK(out.try_receive().empty());
    CHECK_FALSE(out.receive_for(1ms).has_value());
}

TEST_CASE("an end keeps the channel alive") {
    gofer::Channel<fixture::Lone> c(1);
    const gofer::Receiver<fixture::Lone> out = c;
    c.send(fixture::Lone{3});
    c = nullptr;
    CHECK(out.receive()->value == 3);
}

TEST_CASE("a range-for runs over a Receiver, and a select takes both ends") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::go(
            [](gofer::Sender<int> in) {
                for (int i = 0; i < 10; ++i) VERIFY(gofer::select(gofer::send(in, i)) == 0);
                in.close();
            },
            c);
        const gofer::Receiver<int> out = c;
        std::optional<int> first;
        VERIFY(gofer::select(gofer::recv(out, first)) == 0);
        VERIFY(first == 0);
        int expected = 1;
        for (int v : out) VERIFY(v == expected++);
        VERIFY(expected == 10);
    });
}

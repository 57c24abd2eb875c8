// A Channel is a handle, as in Go: copies share one channel, every operation is const, == compares identity.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

TEST_CASE("copies of a Channel are one channel") {
    const gofer::Channel<int> c(2);
    const gofer::Channel<int> copy = c;
    copy.send(1);
    CHECK(c.size() == 1);
    CHECK(c.receive() == 1);
    c.close();
    CHECK(copy.closed());
}

TEST_CASE("== compares identity, not contents") {
    const gofer::Channel<int> one(1), other(1);
    const gofer::Channel<int> copy = one;
    CHECK(one == copy);
    CHECK(one != other);
}

TEST_CASE("handles are keys of maps, ordered or not, by identity") {
    const gofer::Channel<int> one(1), other(1), nil(nullptr);
    std::map<gofer::Channel<int>, int> ordered{{one, 1}, {other, 2}};
    std::unordered_map<gofer::Sender<int>, int> hashed{{one, 1}, {other, 2}};
    const std::unordered_set<gofer::Receiver<int>> both{one, other, one, nil};
    const gofer::Channel<int> copy = other;
    CHECK(ordered.at(copy) == 2);
    CHECK(hashed.at(copy) == 2);
    CHECK(both.size() == 3);
    CHECK((one < other) != (other < one));
}

TEST_CASE("every operation works on a const handle") {
    const gofer::Channel<int> c(1);
    c.send(1);
    CHECK_FALSE(c.try_send(2));
    CHECK(c.try_receive().has_value());
    CHECK(c.send_for(3, std::chrono::milliseconds{1}));
    CHECK(c.receive_for(std::chrono::milliseconds{1}) == 3);
    c.close();
    CHECK_FALSE(c.receive().has_value());
}

TEST_CASE("a capacity of zero is an unbuffered channel") {
    const gofer::Channel<int> c(0);
    CHECK(c != nullptr);
    CHECK(c.capacity() == 0);
    CHECK_FALSE(c.try_send(1));
}

TEST_CASE("whatever is a number is a capacity") {
    enum Sizes { few = 3 };
    CHECK(gofer::Channel<int>(few).capacity() == 3);
    CHECK(gofer::Channel<int>(std::integral_constant<short, 4>{}).capacity() == 4);
    CHECK(gofer::Channel<int>(std::uint8_t{5}).capacity() == 5);
    CHECK(gofer::Channel<int>(false).capacity() == 0);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<gofer::Channel<int>, double>);
}

TEST_CASE("a negative capacity throws std::invalid_argument") {
    CHECK_THROWS_AS(gofer::Channel<int>(-1), std::invalid_argument);
}

TEST_CASE("values left in a channel are destroyed with its last handle") {
    const long before = fixture::Alive::count;
    std::optional<gofer::Channel<fixture::Lone>> c{std::in_place, 4};
    auto copy = *c;
    for (int i = 0; i < 3; ++i) c->send(fixture::Lone{i});
    c.reset();
    CHECK(fixture::Alive::count == before + 3);
    copy = nullptr;
    CHECK(fixture::Alive::count == before);
}

TEST_CASE("a buffer slot is emptied when its value is taken, not when it is used again") {
    const long before = fixture::Alive::count;
    const gofer::Channel<fixture::Lone> c(4);
    for (int i = 0; i < 3; ++i) c.send(fixture::Lone{i});
    c.receive();
    CHECK(fixture::Alive::count == before + 2);
}

TEST_CASE("a channel outlives the scope that made it while a goroutine holds it") {
    fixture::at_each_worker_count([] {
        gofer::Channel<int> answer;
        {
            gofer::Channel<int> question;
            gofer::go([question, answer] { answer.send(question.receive().value() + 1); });
            question.send(41);
        }
        VERIFY(answer.receive() == 42);
    });
}

TEST_CASE("the last handle may go away in the receiver while the send that served it is still returning") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 300; ++i) {
            auto c = std::make_unique<gofer::Channel<fixture::Lone>>();
            gofer::WaitGroup wg;
            wg.go([own = *c] { own.send(fixture::Lone{7}); });
            VERIFY(c->receive()->value == 7);
            c.reset();
            wg.wait();
        }
    });
}

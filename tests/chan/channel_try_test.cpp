// Tries: what they take, what they leave, and that they never wait.
// After the ideas of golang/go test/chan/nonblock.go and of TestNonblockRecvRace in src/runtime/chan_test.go.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

TEST_CASE("try_send fails with neither room nor receiver") {
    for (const int capacity : {0, 2}) {
        const gofer::Channel<int> c(capacity);
        for (int i = 0; i < capacity; ++i) CHECK(c.try_send(i));
        CHECK_FALSE(c.try_send(9));
        CHECK(c.size() == static_cast<std::size_t>(capacity));
    }
}

TEST_CASE("a try_send that would block leaves its value untouched") {
    const gofer::Channel<std::unique_ptr<int>> c;
    auto value = std::make_unique<int>(3);
    CHECK_FALSE(c.try_send(std::move(value)));
    REQUIRE(value != nullptr);
    CHECK(*value == 3);
}

TEST_CASE("try_send copies an lvalue only when it sends it") {
    const gofer::Channel<fixture::Tracked> c(1);
    const fixture::Tracked value{1};
    const long before = fixture::Alive::copies;
    CHECK(c.try_send(value));
    CHECK(fixture::Alive::copies == before + 1);
    CHECK_FALSE(c.try_send(value));
    CHECK(fixture::Alive::copies == before + 1);
}

TEST_CASE("try_send on a closed channel throws and leaves the value") {
    const gofer::Channel<std::unique_ptr<int>> c(1);
    c.close();
    auto value = std::make_unique<int>(3);
    CHECK_THROWS_AS(c.try_send(std::move(value)), gofer::ChannelClosed);
    CHECK(value != nullptr);
}

TEST_CASE("try_receive tells a value, an empty channel and a closed one apart") {
    const gofer::Channel<int> c(1);
    CHECK(c.try_receive().empty());
    c.send(4);
    c.close();
    auto value = c.try_receive();
    REQUIRE(value.has_value());
    CHECK(*value == 4);
    CHECK_FALSE(value.empty());
    CHECK_FALSE(value.closed());
    const auto none = c.try_receive();
    CHECK(none.closed());
    CHECK_FALSE(none.empty());
    CHECK_FALSE(none.has_value());
}

TEST_CASE("a TryResult gives its value by move") {
    const gofer::Channel<std::unique_ptr<int>> c(1);
    c.send(std::make_unique<int>(5));
    auto result = c.try_receive();
    const std::unique_ptr<int> value = *std::move(result);
    REQUIRE(value != nullptr);
    CHECK(*value == 5);
}

TEST_CASE("a const TryResult shows its value, and one without gives another instead") {
    const gofer::Channel<std::string> c(1);
    const auto none = c.try_receive();
    CHECK(none.value_or("none") == "none");
    CHECK_THROWS_AS(none.value(), std::bad_optional_access);
    c.send("some");
    const auto some = c.try_receive();
    CHECK(some.value() == "some");
    CHECK(some.value_or("none") == "some");
}

TEST_CASE("try_send hands its value to a receiver that waits") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::string> c;
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(c.receive() == "hello"); });
        fixture::parked_reaches(1);
        VERIFY(c.try_send("hello"));
        wg.wait();
    });
}

TEST_CASE("try_receive takes its value from a sender that waits") {
    fixture::at_each_worker_count([] {
        for (const int capacity : {0, 1}) {
            const gofer::Channel<std::string> c(capacity);
            if (capacity == 1) c.send("first");
            gofer::WaitGroup wg;
            wg.go([&] { c.send("hello again"); });
            fixture::parked_reaches(1);
            const auto got = c.try_receive();
            VERIFY(got.has_value() && *got == (capacity == 1 ? "first" : "hello again"));
            wg.wait();
            VERIFY(c.size() == static_cast<std::size_t>(capacity));
        }
    });
}

TEST_CASE("a try gets through in the end when the other side comes") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::int64_t> c;
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(c.receive() == 123456); });
        VERIFY(fixture::eventually([&] { return c.try_send(123456); }));
        wg.wait();
        wg.go([&] { c.send(234567); });
        VERIFY(fixture::eventually([&] {
            const auto got = c.try_receive();
            return got.has_value() && *got == 234567;
        }));
        wg.wait();
    });
}

TEST_CASE("a try_receive never misses a value for a close that comes at the same time") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 300; ++i) {
            const gofer::Channel<int> c(2);
            c.send(1);
            c.send(2);
            gofer::WaitGroup wg;
            wg.go([&] { VERIFY(c.try_receive().has_value()); });
            c.close();
            VERIFY(c.receive().has_value());
            wg.wait();
        }
    });
}

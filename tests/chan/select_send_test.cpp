// Send cases: a value is copied or moved only when its case is chosen.
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

template <class T, class V>
concept CanSendTo = requires(const gofer::Channel<T>& c, V v) { gofer::send(c, v); };

} // namespace

TEST_CASE("an rvalue stays with the caller when another case is chosen") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::unique_ptr<int>> full;
        auto value = std::make_unique<int>(1);
        VERIFY(gofer::select(gofer::send(full, std::move(value)), gofer::otherwise()) == 1);
        VERIFY(value != nullptr);
        VERIFY(gofer::select(gofer::send(full, std::move(value)), gofer::timeout(1ms)) == 1);
        VERIFY(value != nullptr);
    });
}

TEST_CASE("an rvalue is moved when its case is chosen") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::unique_ptr<int>> c;
        gofer::WaitGroup wg;
        wg.go([&] {
            auto got = c.receive();
            VERIFY(got && *got && **got == 1);
        });
        auto value = std::make_unique<int>(1);
        VERIFY(gofer::select(gofer::send(c, std::move(value))) == 0);
        VERIFY(value == nullptr);
        wg.wait();
    });
}

TEST_CASE("an lvalue is copied once when its case is chosen, else never") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<fixture::Tracked> c(1);
        const fixture::Tracked value{5};
        const long before = fixture::Alive::copies;
        gofer::select(gofer::send(c, value));
        VERIFY(fixture::Alive::copies == before + 1);
        gofer::select(gofer::send(c, value), gofer::otherwise());
        gofer::select(gofer::send(c, value), gofer::timeout(1ms));
        VERIFY(fixture::Alive::copies == before + 1);
        VERIFY(value.value == 5);
    });
}

TEST_CASE("a value converts to the channel's type") {
    const gofer::Channel<std::string> c(1);
    gofer::select(gofer::send(c, "text"));
    CHECK(c.receive() == "text");
    const gofer::Channel<long> numbers(1);
    gofer::select(gofer::send(numbers, 3));
    CHECK(numbers.receive() == 3);
}

TEST_CASE("one that waits in a select keeps its value until a receiver comes") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::unique_ptr<int>> a, b;
        gofer::WaitGroup wg;
        wg.go([&] {
            auto first = std::make_unique<int>(1), second = std::make_unique<int>(2);
            VERIFY(gofer::select(gofer::send(a, std::move(first)), gofer::send(b, std::move(second))) == 1);
            VERIFY(first != nullptr);
            VERIFY(second == nullptr);
        });
        fixture::parked_reaches(1);
        VERIFY(**b.receive() == 2);
        wg.wait();
    });
}

TEST_CASE("of two sends on one channel each is chosen again and again") {
    constexpr int sent = 100;
    fixture::at_each_worker_count([] {
        for (const int capacity : {0, sent}) {
            const gofer::Channel<int> c(capacity);
            gofer::WaitGroup wg;
            int ones = 0;
            wg.go([&] {
                for (int i = 0; i < sent; ++i) {
                    gofer::yield();
                    ones += c.receive().value();
                }
            });
            for (int i = 0; i < sent; ++i) gofer::select(gofer::send(c, 1), gofer::send(c, 0));
            wg.wait();
            VERIFY(ones > sent / 10);
            VERIFY(ones < sent - sent / 10);
        }
    });
}

TEST_CASE("a send case takes what the channel's send takes, and nothing that only a cast would make a value") {
    struct Point {
        int x, y;
    };
    const gofer::Channel<Point> c(3);
    CHECK(gofer::select(gofer::send(c, {1, 2})) == 0);
    CHECK(gofer::select(gofer::send(gofer::Sender<Point>(c), {3, 4}, [] {})) == 0);
    gofer::SelectCase kept = gofer::send(c, {5, 6});
    CHECK(gofer::select(kept) == 0);
    CHECK(c.receive()->y == 2);
    CHECK(c.receive()->y == 4);
    CHECK(c.receive()->y == 6);
    STATIC_REQUIRE(CanSendTo<std::string, const char*>);
    STATIC_REQUIRE_FALSE(CanSendTo<std::unique_ptr<int>, int*>); // who would own it when another case is chosen?
    STATIC_REQUIRE_FALSE(CanSendTo<std::chrono::seconds, int>);
}

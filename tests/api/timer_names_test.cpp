// A walk down the public interface, "Timers", recv(future) and GoroutineLocal: every name is there, with the types and
// guards that are promised. Most of it is decided when it compiles.
#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"

using namespace std::chrono_literals;

namespace {

using Moments = gofer::Receiver<gofer::Clock::time_point>;

template <class T>
concept HasChannel = std::copyable<T> && requires(const T& t) {
    { t.channel() } -> std::same_as<Moments>;
};

template <class S>
concept Stops = std::copyable<S> && requires(const S& stop) {
    { stop() } -> std::same_as<bool>;
};

template <class Duration>
concept Lasts = requires(Duration d) {
    { gofer::after(d) } -> std::same_as<Moments>;
    gofer::Timer(d).reset(d);
    gofer::Ticker(d).reset(d);
    { gofer::after_func(d, [] {}) } -> Stops;
};

} // namespace

TEST_CASE("every std::chrono duration is a time for a timer") {
    STATIC_REQUIRE(Lasts<std::chrono::nanoseconds>);
    STATIC_REQUIRE(Lasts<std::chrono::hours>);
    STATIC_REQUIRE(Lasts<std::chrono::duration<double>>);
    STATIC_REQUIRE(Lasts<std::chrono::duration<float, std::milli>>);
}

TEST_CASE("Timer and Ticker have their operations, which all are const") {
    STATIC_REQUIRE(HasChannel<gofer::Timer>);
    STATIC_REQUIRE(HasChannel<gofer::Ticker>);
    STATIC_REQUIRE(!std::is_convertible_v<std::chrono::seconds, gofer::Timer>);
    STATIC_REQUIRE(!std::is_default_constructible_v<gofer::Timer>);
    const gofer::Timer timer{1h};
    STATIC_REQUIRE(std::same_as<decltype(timer.stop()), bool>);
    STATIC_REQUIRE(std::same_as<decltype(timer.reset(1h)), bool>);
    const gofer::Ticker ticker{1h};
    STATIC_REQUIRE(std::same_as<decltype(ticker.stop()), void>);
    STATIC_REQUIRE(std::same_as<decltype(ticker.reset(1h)), void>);
    CHECK_THROWS_AS(gofer::Ticker{0h}, std::invalid_argument);
    CHECK_THROWS_AS(ticker.reset(0h), std::invalid_argument);
}

TEST_CASE("what is often ignored of timers may be ignored without a warning") {
    const gofer::Timer timer{1h};
    timer.reset(1h);
    timer.stop();
    gofer::after_func(0s, [] {});
    auto stop = gofer::after_func(1h, [p = std::make_unique<int>()] { static_cast<void>(p); });
    stop();
}

TEST_CASE("a timer's channel is a Receiver in every way") {
    const gofer::Timer timer{0s};
    Moments c = timer.channel();
    CHECK(c == timer.channel());
    std::optional<gofer::Clock::time_point> slot;
    CHECK(gofer::select(gofer::recv(c, slot), gofer::timeout(1h)) == 0);
    CHECK(slot);
    timer.reset(0s);
    CHECK(gofer::select(gofer::recv(c, [&](std::optional<gofer::Clock::time_point> at) { CHECK(at > slot); })) == 0);
    timer.reset(0s);
    for (const gofer::Clock::time_point at : c) {
        CHECK(at > *slot);
        break;
    }
    CHECK(gofer::select(gofer::recv(c, [] {}), gofer::otherwise()) == 1);
}

TEST_CASE("a future stands in a select, with a handler that takes nothing, and stays valid") {
    auto future = gofer::async([] { return std::string{"done"}; });
    auto nothing = gofer::async([] {});
    bool called = false;
    CHECK(gofer::select(gofer::recv(future, [&called] { called = true; })) == 0);
    CHECK(called);
    CHECK(gofer::select(gofer::recv(nothing)) == 0);
    CHECK(future.valid());
    CHECK(future.get() == "done");
    CHECK(gofer::select(gofer::recv(gofer::async([] {})), gofer::timeout(1h)) == 0);
    const gofer::Future<int> invalid;
    CHECK(gofer::select(gofer::recv(invalid), gofer::timeout(1ms)) == 1);
    std::vector<gofer::SelectCase> kept;
    kept.push_back(gofer::recv(nothing, [p = std::make_unique<int>()] { static_cast<void>(p); }));
    CHECK(gofer::select(kept) == 0);
}

TEST_CASE("GoroutineLocal is a pointer to the value of whoever asks, a global without a cost before it is used") {
    static constinit gofer::GoroutineLocal<std::vector<int>> numbers;
    static const gofer::GoroutineLocal<std::string> name{[] { return std::string{"made"}; }};
    STATIC_REQUIRE(!std::movable<gofer::GoroutineLocal<int>>);
    STATIC_REQUIRE(std::same_as<decltype(*numbers), std::vector<int>&>);
    STATIC_REQUIRE(std::same_as<decltype(numbers.get()), std::vector<int>&>);
    STATIC_REQUIRE(std::same_as<decltype(numbers.operator->()), std::vector<int>*>);
    struct NoDefault {
        explicit NoDefault(int) {}
    };
    STATIC_REQUIRE(!std::is_default_constructible_v<gofer::GoroutineLocal<NoDefault>>);
    numbers->push_back(1);
    CHECK((*numbers).size() == 1);
    CHECK(gofer::run([] { return numbers->size(); }) == 0);
    CHECK(*name == "made");
}

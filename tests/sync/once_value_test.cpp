// once_value: computed at the first call, there for all others.
// After the ideas of golang/go src/sync/oncefunc_test.go.
#include <atomic>
#include <concepts>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/tracked.hpp"

TEST_CASE("a value is computed at the first call, not before, and once for all copies") {
    int calls = 0;
    const auto value = gofer::once_value([&] { return ++calls; });
    const auto copy = value;
    CHECK(calls == 0);
    CHECK(value() == 1);
    CHECK(copy() == 1);
    CHECK(value() == 1);
    CHECK(&value() == &copy());
}

TEST_CASE("many goroutines that ask at once get one value") {
    fixture::at_each_worker_count([] {
        std::atomic<int> calls{0};
        const auto value = gofer::once_value([&] {
            gofer::yield();
            ++calls;
            return std::string("computed");
        });
        gofer::WaitGroup wg;
        for (int i = 0; i < 20; ++i) wg.go([&, value] { VERIFY(value() == "computed"); });
        wg.wait();
        VERIFY(calls == 1);
    });
}

TEST_CASE("what the function throws is thrown at every call, and it is not called again") {
    int calls = 0;
    const auto value = gofer::once_value([&]() -> int {
        ++calls;
        throw std::runtime_error("no value");
    });
    const auto copy = value;
    CHECK_THROWS_AS(value(), std::runtime_error);
    CHECK_THROWS_AS(copy(), std::runtime_error);
    CHECK(calls == 1);
}

TEST_CASE("functions of every kind: move-only, of no value, of a reference, of a move-only value") {
    int n = 1;
    gofer::once_value([&n] { ++n; })();
    CHECK(n == 2);
    const auto reference = gofer::once_value([&n]() -> int& { return n; });
    CHECK(&reference() == &n);
    const auto lone = gofer::once_value([p = std::make_unique<int>(5)] { return std::make_unique<int>(*p + 1); });
    STATIC_REQUIRE(std::copy_constructible<decltype(lone)>);
    CHECK(*lone() == 6);
}

TEST_CASE("the function is destroyed as soon as it has run, the value with the last copy") {
    const long before = fixture::Alive::count;
    {
        const auto value = gofer::once_value([held = fixture::Tracked{1}] { return fixture::Tracked{held.value + 1}; });
        CHECK(fixture::Alive::count == before + 1);
        CHECK(value().value == 2);
        CHECK(fixture::Alive::count == before + 1);
        const auto copy = value;
        CHECK(copy().value == 2);
    }
    CHECK(fixture::Alive::count == before);
}

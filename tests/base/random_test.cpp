// The generator of scheduling decisions: every choice comes up, none beyond the bound.
#include <array>
#include <cstdint>

#include <gofer/base/random.hpp>

#include "../support/catch.hpp"

using gofer::base::Random;

TEST_CASE("below the bound every number comes up about equally often") {
    Random random{7};
    std::array<int, 5> seen{};
    for (int i = 0; i < 50'000; ++i) {
        const std::uint32_t n = random.below(5);
        REQUIRE(n < 5);
        ++seen[n];
    }
    for (const int times : seen) CHECK(times == Catch::Approx(10'000).epsilon(0.1));
}

TEST_CASE("below one there is only zero") {
    Random random{0};
    for (int i = 0; i < 100; ++i) CHECK(random.below(1) == 0);
}

TEST_CASE("seeds that lie side by side give different sequences") {
    Random one{1}, other{2};
    int equal = 0;
    for (int i = 0; i < 1000; ++i) equal += one.below(1000) == other.below(1000);
    CHECK(equal < 20);
}

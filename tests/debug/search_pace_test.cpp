// How often searches are made that nobody asked for; all times are given, so no clock is looked at.
#include <cstdint>

#include <gofer/debug/search_pace.hpp>

#include "../support/catch.hpp"

using gofer::debug::SearchPace;

namespace {

constexpr std::int64_t millisecond = 1'000'000;

} // namespace

TEST_CASE("searches that nobody asked for are fifty times their length apart") {
    SearchPace pace;
    CHECK(pace.begin(5'000 * millisecond));
    pace.end(5'000 * millisecond, 5'010 * millisecond, true);
    CHECK(!pace.begin(5'509 * millisecond));
    CHECK(pace.begin(5'510 * millisecond));
}

TEST_CASE("a search of which nothing came is not tried again within a second") {
    SearchPace pace;
    CHECK(pace.begin(0));
    pace.end(0, 1 * millisecond, false);
    CHECK(!pace.begin(1'000 * millisecond));
    CHECK(pace.begin(1'001 * millisecond));
    pace.end(1'001 * millisecond, 1'101 * millisecond, false);
    CHECK(!pace.begin(6'100 * millisecond));
    CHECK(pace.begin(6'101 * millisecond));
}

TEST_CASE("a second search that nobody asked for does not begin beside the first") {
    SearchPace pace;
    CHECK(pace.begin(0));
    CHECK(!pace.begin(0));
    CHECK(!pace.begin(999 * millisecond));
}

// Until when a call may block.
#include <chrono>

#include <gofer/wait/until.hpp>

#include "../support/catch.hpp"

using namespace std::chrono_literals;
using gofer::wait::Until;

TEST_CASE("zero or less is not to block at all") {
    CHECK(Until::after(0s).over());
    CHECK(Until::after(-1h).over());
    CHECK(Until::after(std::chrono::hours::min()).over());
    CHECK(Until::at(std::chrono::steady_clock::now() - 1s).over());
}

TEST_CASE("for ever has no limit") {
    CHECK_FALSE(Until::forever().limited());
    CHECK_FALSE(Until::after(std::chrono::hours::max()).limited());
    CHECK_FALSE(Until::at(std::chrono::steady_clock::time_point::max()).limited());
    CHECK_FALSE(Until::forever().over());
}

TEST_CASE("a limit ahead is not over, and is over when it has passed") {
    CHECK(Until::after(1h).limited());
    CHECK_FALSE(Until::after(1h).over());
    const Until soon = Until::after(1us);
    while (gofer::base::now_ns() < soon.deadline) {
    }
    CHECK(soon.over());
}

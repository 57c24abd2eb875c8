// Durations and time points saturate: no limit that a user can write wraps around.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include <gofer/base/clock.hpp>

#include "../support/catch.hpp"

using namespace std::chrono_literals;
using gofer::base::deadline_after;
using gofer::base::deadline_at;
using gofer::base::never;
using gofer::base::saturated_ns;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
using Seconds = std::chrono::duration<double>;
} // namespace

TEST_CASE("a duration that fits is counted in nanoseconds") {
    CHECK(saturated_ns(1ns) == 1);
    CHECK(saturated_ns(3us) == 3'000);
    CHECK(saturated_ns(2h) == 7'200'000'000'000);
    CHECK(saturated_ns(Seconds{0.25}) == 250'000'000);
}

TEST_CASE("a duration too long for nanoseconds is for ever") {
    CHECK(saturated_ns(std::chrono::hours::max()) == never);
    CHECK(saturated_ns(std::chrono::nanoseconds::max()) == never);
    CHECK(saturated_ns(Seconds{1e30}) == never);
    CHECK(saturated_ns(Seconds{infinity}) == never);
}

TEST_CASE("a negative duration is none") {
    CHECK(saturated_ns(-1ns) == 0);
    CHECK(saturated_ns(std::chrono::hours::min()) == 0);
    CHECK(saturated_ns(Seconds{-infinity}) == 0);
}

TEST_CASE("a duration that is no number is none") {
    CHECK(saturated_ns(Seconds{std::numeric_limits<double>::quiet_NaN()}) == 0);
}

TEST_CASE("a fraction of a nanosecond is rounded up: one waits at least so long") {
    CHECK(saturated_ns(std::chrono::duration<int, std::pico>{1}) == 1);
    CHECK(saturated_ns(std::chrono::duration<double, std::nano>{2.5}) == 3);
}

TEST_CASE("a deadline beyond the clock's end is never") {
    CHECK(deadline_after(never) == never);
    CHECK(deadline_after(never - 1) == never);
    CHECK(deadline_after(std::chrono::hours::max()) == never);
}

TEST_CASE("a deadline lies as far ahead as the duration says") {
    const std::int64_t before = gofer::base::now_ns();
    const std::int64_t deadline = deadline_after(1h);
    CHECK(deadline >= before + 3'600'000'000'000);
    CHECK(deadline <= gofer::base::now_ns() + 3'600'000'000'000);
}

TEST_CASE("a time point of the steady clock is a deadline as it stands") {
    const auto now = std::chrono::steady_clock::now();
    CHECK(deadline_at(now) == now.time_since_epoch().count());
    CHECK(deadline_at(std::chrono::steady_clock::time_point::max()) == never);
    CHECK(deadline_at(gofer::Clock::time_point::max()) == never);
    CHECK(deadline_at(std::chrono::steady_clock::time_point::min()) == 0);
}

TEST_CASE("a time point of another clock is as far ahead on ours") {
    const std::int64_t before = gofer::base::now_ns();
    const std::int64_t deadline = deadline_at(std::chrono::system_clock::now() + 1min);
    CHECK(deadline > before + 59'000'000'000);
    CHECK(deadline < gofer::base::now_ns() + 61'000'000'000);
    CHECK(deadline_at(std::chrono::system_clock::time_point::max()) > before + 100 * 8766LL * 3'600'000'000'000);
}

TEST_CASE("a time point of another clock that has passed is due at once") {
    const std::int64_t long_past = deadline_at(std::chrono::system_clock::time_point::min());
    const std::int64_t past = deadline_at(std::chrono::system_clock::now() - 1h);
    CHECK(std::max(long_past, past) <= gofer::base::now_ns());
}

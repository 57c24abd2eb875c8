// Catch2, whichever of its two generations is installed. Tests include this and nothing of Catch2 directly.
// Use what both have: TEST_CASE, SECTION, GENERATE, REQUIRE*, CHECK*, INFO, CAPTURE; an Approx is `Catch::Approx`.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
namespace Catch {
using Detail::Approx;
}
#endif

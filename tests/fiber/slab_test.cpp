// Where stacks lie: apart from each other, guarded, and staggered so that they do not share cache sets.
#include <algorithm>
#include <csetjmp>
#include <csignal>
#include <set>
#include <vector>

#include <gofer/base/page.hpp>
#include <gofer/fiber/slab.hpp>

#include "../support/catch.hpp"

using gofer::base::page_size;
using gofer::fiber::guard_size;
using gofer::fiber::Slab;
using gofer::fiber::StackSpan;

namespace {

constexpr std::size_t usable = std::size_t{64} << 10;
constexpr std::size_t record = 256;

sigjmp_buf after_fault;

/// Whether writing there faults. Puts the handler back that was there before.
bool faults(char* address) {
    struct sigaction action {}, before {};
    action.sa_handler = [](int) { siglongjmp(after_fault, 1); };
    ::sigaction(SIGSEGV, &action, &before);
    const bool faulted = sigsetjmp(after_fault, 1) != 0;
    if (!faulted) *static_cast<volatile char*>(address) = 1;
    ::sigaction(SIGSEGV, &before, nullptr);
    return faulted;
}

StackSpan take(Slab& slab) {
    return slab.take([](const StackSpan&) {});
}

// Never freed: a slab does not give its memory back. Kept, so that a leak checker sees that it is owned.
Slab& fresh_slab() {
    static auto& kept = *new std::vector<Slab*>;
    Slab& slab = *kept.emplace_back(new Slab);
    slab.configure(usable, record);
    return slab;
}

} // namespace

TEST_CASE("stacks do not overlap, and each is as large as it should be") {
    Slab& slab = fresh_slab();
    const char* last_top = nullptr;
    for (int i = 0; i < 100; ++i) {
        const StackSpan s = take(slab);
        CHECK(s.top - s.bottom == usable);
        CHECK((s.record >= s.bottom && s.record + record <= s.top));
        if (last_top) CHECK(s.bottom - last_top >= static_cast<std::ptrdiff_t>(guard_size()));
        last_top = s.top;
    }
}

TEST_CASE("the page below each stack is forbidden, the stack itself is not") {
    Slab& slab = fresh_slab();
    for (int i = 0; i < 20; ++i) {
        const StackSpan s = take(slab);
        if (s.guard == gofer::fiber::Guard::canary) continue;
        CHECK(faults(s.bottom - 1));
        CHECK(faults(s.bottom - guard_size()));
        CHECK_FALSE(faults(s.bottom));
        CHECK_FALSE(faults(s.top - 1));
    }
}

TEST_CASE("a stack is found again by its number and by its guard") {
    Slab& slab = fresh_slab();
    // More than one chunk of address space.
    for (int i = 0; i < 3000; ++i) {
        const StackSpan taken = take(slab);
        const StackSpan found = slab.at(slab.size() - 1);
        REQUIRE(found.bottom == taken.bottom);
        REQUIRE(found.record == taken.record);
        std::size_t index = 0;
        REQUIRE(slab.find_guard(taken.bottom - 1, index));
        REQUIRE(index == slab.size() - 1);
        REQUIRE(slab.find_guard(taken.bottom - guard_size(), index));
        REQUIRE_FALSE(slab.find_guard(taken.bottom, index));
        REQUIRE_FALSE(slab.find_guard(taken.top - 1, index));
    }
}

TEST_CASE("an address outside of all stacks is nobody's guard") {
    Slab& slab = fresh_slab();
    std::size_t index = 0;
    char local = 0;
    CHECK_FALSE(slab.find_guard(&local, index));
    CHECK_FALSE(slab.find_guard(nullptr, index));
    take(slab);
    CHECK_FALSE(slab.find_guard(&local, index));
}

TEST_CASE("the guard of a stack that nobody has taken yet is nobody's") {
    Slab& slab = fresh_slab();
    const StackSpan first = take(slab);
    std::size_t index = 0;
    CHECK_FALSE(slab.find_guard(first.bottom + (first.top - first.bottom) + 1, index));
}

TEST_CASE("records of neighbouring stacks fall into different cache sets") {
    if (gofer::base::tsan_build) return;
    Slab& slab = fresh_slab();
    std::set<std::uintptr_t> offsets;
    for (int i = 0; i < 8; ++i) offsets.insert(reinterpret_cast<std::uintptr_t>(take(slab).record) % page_size());
    CHECK(offsets.size() >= 8);
}

// Huge pages would make it two megabytes.
TEST_CASE("a stack takes the pages that were touched, and no others") {
    Slab& slab = fresh_slab();
    const auto resident = [](const StackSpan& s) {
        std::vector<unsigned char> pages(usable / page_size());
        REQUIRE(::mincore(s.bottom, usable, pages.data()) == 0);
        return std::count_if(pages.begin(), pages.end(), [](unsigned char p) { return (p & 1) != 0; });
    };
    for (int i = 0; i < 100; ++i) {
        const StackSpan s = take(slab);
        REQUIRE(resident(s) == 0);
        *static_cast<volatile char*>(s.top - 1) = 1;
        REQUIRE(resident(s) == 1);
    }
}

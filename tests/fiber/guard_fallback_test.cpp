// Older kernels have no guard markers: there mprotect guards, and beyond a safe number of them a canary.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"
#include "../support/seccomp.hpp"
#include "../support/stack_memory.hpp"

namespace {

constexpr const char* not_here = "this system lets nobody refuse system calls";

/// In the child: ends it, with a word, when it does not hold.
void must(bool holds, const char* claim) {
    if (holds) return;
    std::fputs(claim, stderr);
    std::_Exit(0);
}

long count_maps() {
    std::ifstream maps{"/proc/self/maps"};
    return std::count(std::istreambuf_iterator<char>{maps}, {}, '\n');
}

void overflow_by_far() {
    gofer::run([] {
        gofer::WaitGroup wg;
        wg.go({.name = "deep one", .stack_size = 64 << 10}, [] { fixture::go_deep(std::size_t{1} << 20); });
        wg.wait();
    });
}

/// Goes a little past the end of the stack, where no guard is, comes back, and parks.
void overflow_a_little() {
    gofer::run([] {
        gofer::WaitGroup wg;
        wg.go({.name = "deep one", .stack_size = 64 << 10}, [] {
            const volatile char here = 0;
            const auto stack = fixture::stack_of(const_cast<const char*>(&here));
            auto overwrite = [] {};
            fixture::go_deep(&here, static_cast<std::size_t>(&here - stack.bottom) + 100, overwrite);
            gofer::sleep_for(std::chrono::milliseconds{1});
        });
        wg.wait();
    });
}

void names_the_overflow(const fixture::Death& death) {
    if (death.says(not_here)) return;
    INFO(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("goroutine stack overflow"));
    CHECK(death.says("deep one"));
}

} // namespace

TEST_CASE("without guard markers an overflow meets a protected page, and is named") {
    if (gofer::base::asan_build) return; // locals lie elsewhere then, and their addresses say nothing of the stack
    const auto death = fixture::death_of([] {
        must(fixture::refuse(fixture::no_guard_markers), not_here);
        overflow_by_far();
    });
    names_the_overflow(death);
}

TEST_CASE("where guard markers are taken and not heeded an overflow meets a protected page, and is named") {
    if (gofer::base::asan_build) return; // locals lie elsewhere then, and their addresses say nothing of the stack
    const auto death = fixture::death_of([] {
        must(fixture::refuse(fixture::hollow_guard_markers), not_here);
        overflow_by_far();
    });
    names_the_overflow(death);
}

TEST_CASE("without any guard pages an overflow is found when the goroutine parks") {
    if (gofer::base::asan_build) return; // locals lie elsewhere then, and their addresses say nothing of the stack
    const auto death = fixture::death_of([] {
        must(fixture::refuse(fixture::no_guard_markers), not_here);
        must(fixture::refuse(fixture::no_guard_protection), not_here);
        overflow_a_little();
    });
    names_the_overflow(death);
}

TEST_CASE("without any guard pages goroutines that stay within their stacks are left alone") {
    const auto death = fixture::death_of([] {
        must(fixture::refuse(fixture::no_guard_markers), not_here);
        must(fixture::refuse(fixture::no_guard_protection), not_here);
        gofer::run([] {
            gofer::WaitGroup wg;
            for (int i = 0; i < 200; ++i)
                wg.go([] {
                    fixture::go_deep(std::size_t{100} << 10);
                    gofer::yield();
                    fixture::go_deep(std::size_t{100} << 10);
                    gofer::sleep_for(std::chrono::milliseconds{1});
                });
            wg.wait();
        });
    });
    if (death.says(not_here)) return;
    INFO(death.message);
    CHECK(death.signal == 0);
    CHECK(death.message.empty());
}

// Guards by mprotect split the memory maps; without a limit the process dies near 32,000 of them.
TEST_CASE("without guard markers forty thousand goroutines are parked at once, and none is refused") {
    if (gofer::base::stack_scale > 1) return;
    const auto death = fixture::death_of([] {
        must(fixture::refuse(fixture::no_guard_markers), not_here);
        gofer::run([] {
            constexpr std::size_t count = 40'000;
            const gofer::Channel<int> c;
            gofer::WaitGroup wg;
            for (std::size_t i = 0; i < count; ++i) wg.go([c] { c.receive(); });
            while (gofer::Runtime::current().stats().parked < count) gofer::sleep_for(std::chrono::milliseconds{5});
            must(count_maps() < 60'000, "too many memory maps"); // of 65,530: the program needs some as well
            c.close();
            wg.wait();
        });
    });
    if (death.says(not_here)) return;
    INFO(death.message);
    CHECK(death.signal == 0);
    CHECK(death.message.empty());
}

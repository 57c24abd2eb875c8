// Stacks are memory like any other to the system, and the hottest one is used first.
#include <array>
#include <cstring>
#include <unistd.h>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

/// Has the system write into a part of the stack that nobody has touched.
[[gnu::noinline]] bool read_into_fresh_stack(int from, std::size_t size) {
    char buffer[100 << 10];
    asm volatile("" ::"r"(buffer) : "memory");
    const bool all = ::read(from, buffer, size) == static_cast<ssize_t>(size);
    return all && buffer[0] == 'x' && buffer[size - 1] == 'x';
}

} // namespace

TEST_CASE("a system call writes into stack pages that were never touched") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 10; ++i) {
            gofer::WaitGroup wg;
            wg.go([] {
                std::array<int, 2> ends{};
                VERIFY(::pipe(ends.data()) == 0);
                const std::vector<char> text(50 << 10, 'x');
                VERIFY(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
                VERIFY(read_into_fresh_stack(ends[0], text.size()));
                ::close(ends[0]);
                ::close(ends[1]);
            });
            wg.wait();
        }
    });
}

TEST_CASE("goroutines that park one after the other share a few hot stacks") {
    fixture::at_each_worker_count([] {
        const auto in_use = [] { return gofer::Runtime::current().stats().stacks; };
        const auto one_after_the_other = [](int count) {
            for (int i = 0; i < count; ++i) {
                gofer::WaitGroup wg;
                wg.go([] { gofer::yield(); });
                wg.wait();
            }
        };
        one_after_the_other(100);
        const auto before = in_use();
        one_after_the_other(2000);
        VERIFY(in_use() <= before + 100);
    });
}

TEST_CASE("goroutines that do not park take no stack each") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        const auto before = gofer::Runtime::current().stats().stacks;
        const int goroutines = gofer::base::tsan_build ? 2'000 : 10'000; // to TSan each is a thread
        for (int i = 0; i < goroutines; ++i) wg.go([] {});
        wg.wait();
        VERIFY(gofer::Runtime::current().stats().stacks <= before + 200);
    });
}

TEST_CASE("a tree of goroutines keeps as many stacks as it is deep, and not as it is wide") {
    // Each turn that goes to the oldest, once a millisecond, and each theft may begin one more branch.
    constexpr std::int64_t depth = 6;
    constexpr std::int64_t kept_in_pools = 64;
    struct Tree {
        static void grow(int depth) {
            if (depth == 0) return;
            gofer::WaitGroup wg;
            for (int i = 0; i < 4; ++i) wg.go([depth] { grow(depth - 1); });
            wg.wait();
        }
    };
    auto body = [] {
        const gofer::RuntimeStats before = gofer::Runtime::current().stats();
        const auto begin = gofer::Clock::now();
        Tree::grow(depth);
        const gofer::RuntimeStats after = gofer::Runtime::current().stats();
        const auto turns = (gofer::Clock::now() - begin) / std::chrono::milliseconds{1};
        const auto thefts = static_cast<std::int64_t>(after.steals - before.steals);
        const std::int64_t branches = 1 + turns + thefts;
        VERIFY(static_cast<std::int64_t>(after.stacks - before.stacks) <= kept_in_pools + depth * branches);
    };
    for (const unsigned workers : {1U, 2U}) fixture::at_workers(workers, body);
}

// ASan's option detect_stack_use_after_return keeps frames on fake stacks, one for each stack of ours; those that are used
// again and again have no more of them than before.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"

namespace {

long mapped_megabytes() {
    std::ifstream status{"/proc/self/statm"};
    long pages = 0;
    status >> pages;
    return pages / 256;
}

/// More loops than a worker keeps, so that most of their stacks go to the pool.
void park_many() {
    const gofer::Channel<int> c;
    gofer::WaitGroup all;
    for (int i = 0; i < 300; ++i) all.go([c] { c.receive(); });
    fixture::parked_reaches(300);
    c.close();
    all.wait();
}

} // namespace

TEST_CASE("stacks that are used again take their fake stacks along") {
    if (!gofer::base::asan_build) return;
    ::setenv("ASAN_OPTIONS", "detect_stack_use_after_return=1:detect_leaks=0", 1);
    const auto death = fixture::death_of([] {
        gofer::run(fixture::with_workers(1), [] {
            for (int i = 0; i < 3; ++i) park_many();
            const long before = mapped_megabytes();
            for (int i = 0; i < 5; ++i) park_many();
            const long growth = mapped_megabytes() - before;
            std::fprintf(stderr, growth < 2000 ? "no more than before" : "%ld MB more", growth);
        });
    });
    ::unsetenv("ASAN_OPTIONS");
    CHECK(death.signal == 0);
    INFO(death.message);
    CHECK(death.says("no more than before"));
}

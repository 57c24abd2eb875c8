// A million goroutines parked on one channel at once, twice: none refused, all guarded, and what one costs.
// Usage: million [COUNT]
#include <array>
#include <cstdlib>
#include <malloc.h>

#include "../support/process.hpp"
#include "../support/scenario.hpp"
#include "guards.hpp"

using fixture::StackBounds;
using programs::require;

namespace {

constexpr int skipped = 77;
constexpr long long memory_needed = 8LL << 30;
constexpr double limit_each = 4700;

/// What all of them share, so that a closure is two words.
struct Crowd {
    const gofer::Channel<int> channel{};
    std::size_t count{0};
    std::array<StackBounds, 5> some{};

    /// Parks; a few, spread over the whole crowd, note where they lie.
    void wait_as(std::size_t number) {
        const char local = 0;
        const std::size_t distance = count / some.size();
        if (number % distance == 0 && number / distance < some.size())
            some[number / distance] = fixture::stack_of(&local);
        channel.receive();
    }
};

/// Parks that many goroutines on one channel; returns the bytes that each of them costs.
double park(std::size_t count, long long memory_before, bool first_time) {
    Crowd crowd{.count = count};
    gofer::WaitGroup wg;
    for (std::size_t i = 0; i < count; ++i) wg.go([&crowd, i] { crowd.wait_as(i); });
    while (gofer::Runtime::current().stats().parked < count) gofer::sleep_for(std::chrono::milliseconds{50});
    gofer::sleep_for(std::chrono::milliseconds{50}); // workers that sleep give up what their queues had grown to
    ::malloc_trim(0); // what malloc keeps of freed queues is no goroutine's
    const double each = static_cast<double>(programs::memory_in_use() - memory_before) / static_cast<double>(count);
    if (first_time) require(million::all_guarded(crowd.some), "guards are really there");
    crowd.channel.close();
    wg.wait();
    return each;
}

} // namespace

int main(int argc, char** argv) {
    if (programs::memory_of_the_machine() < memory_needed) return skipped;
    const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    gofer::run([count] {
        const long long before = programs::memory_in_use();
        const double first = park(count, before, true);
        const long maps = programs::count_maps();
        const double second = park(count, before, false);
        std::printf("%zu goroutines parked: %.0f bytes each, the second time %.0f; %ld memory maps\n", count, first,
                    second, maps);
        require(first <= limit_each, "one costs no more than 4,700 bytes");
        require(second <= first * 1.02, "the second million costs no more than the first");
    });
}

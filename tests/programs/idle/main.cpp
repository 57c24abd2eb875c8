// Idle must cost nothing: goroutines of two runtimes are parked and plain threads blocked in every way there is, and
// then time passes without processor time or context switches of ours.
// Usage: idle [SECONDS]
#include <cstdlib>

#include "../support/process.hpp"
#include "../support/scenario.hpp"
#include "waiters.hpp"

using programs::require;

namespace {

// Two clocks are subtracted that cannot be read at one moment.
constexpr long long clock_error_ns = 20'000;

/// Sleeps, and returns what all threads but the calling one have used meanwhile.
programs::Use pass(std::chrono::seconds time) {
    const programs::Use before = programs::use_of_others();
    std::this_thread::sleep_for(time);
    return programs::use_of_others() - before;
}

/// Until nothing has happened for three seconds: the last trimmed stacks have been looked at, and stand-ins that
/// were called while all threads were being started have rested long enough to end. Only polling lasts longer.
void settle() {
    for (int times = 0; times < 7; ++times) {
        const programs::Use used = pass(std::chrono::seconds{3});
        if (used.voluntary == 0 && used.involuntary == 0) return;
    }
}

} // namespace

int main(int argc, char** argv) {
    const std::chrono::seconds time{argc > 1 ? std::atoi(argv[1]) : 2};
    idle::Waiters waiters;
    gofer::Runtime own{{.workers = 4, .shutdown_grace = std::chrono::seconds{60}}};
    waiters.block_all([&own](auto wait) { own.go(wait); });
    std::thread main_of_run{[&own] { own.run([] { gofer::sleep_for(std::chrono::hours::max()); }); }};
    main_of_run.detach();

    settle();
    const programs::Use used = pass(time);
    std::printf("in %lld s: %lld ns of processor time, %lld voluntary and %lld involuntary switches of %lld threads\n",
                static_cast<long long>(time.count()), used.nanoseconds, used.voluntary, used.involuntary, used.threads);
    require(used.nanoseconds < clock_error_ns, "no processor time is used");
    require(used.voluntary + used.involuntary == 0, "no thread is switched to");
    waiters.release_all();
    std::fflush(stdout);
    std::_Exit(0); // the main goroutine of `own` sleeps for ever
}

// The fixture of the behaviour tests: a body is run at several worker counts, and afterwards nothing is left
// of it.
//
// 16 workers are more than the machine has cores, so that the system switches out the holders of the
// library's own locks. Inside a body use VERIFY (verdict.hpp); Catch2's assertions belong to the test's own
// thread.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <utility>

#include "leaks.hpp"
#include "verdict.hpp"

namespace fixture {

inline constexpr unsigned worker_counts[] = {1, 2, 4, 16};

/// The grace is for goroutines on their last steps, and on a loaded machine those take their time.
[[nodiscard]] inline gofer::RuntimeOptions with_workers(unsigned workers) {
    gofer::RuntimeOptions options;
    options.workers = workers;
    options.shutdown_grace = std::chrono::seconds{60};
    return options;
}

inline void require_no_failures() {
    const std::string failures = Verdict::instance().take();
    INFO(failures);
    REQUIRE(failures.empty());
}

/// Runs body as the main goroutine of a runtime with that many workers; it must leave nothing behind.
template <class Body>
void at_workers(unsigned workers, Body& body) {
    INFO("workers: " << workers);
    const LeakProof proof;
    gofer::run(with_workers(workers), [&body] { body(); });
    require_no_failures();
    proof.require_clean();
}

template <class Body>
void at_each_worker_count(Body body) {
    for (const unsigned workers : worker_counts) at_workers(workers, body);
}

/// Runs body on the test's own plain thread, beside the default runtime.
template <class Body>
void on_a_plain_thread(Body body) {
    const LeakProof proof;
    body();
    require_no_failures();
    proof.require_clean_soon();
}

/// Whether n goroutines of this runtime are parked, all at one moment, and have left their stacks. They are counted one
/// after the other: if one parks meanwhile, one that was counted before (while it waited for a lock, say) may be up again.
inline bool are_parked_together(std::size_t n) {
    const auto before = gofer::Runtime::current().stats();
    if (before.parked < n) return false;
    bool all_have_left = true;
    gofer::task::stack_pools().for_each([&](const gofer::task::Goroutine& g) {
        if (g.state.load() == gofer::task::State::parked && g.running.load()) all_have_left = false;
    });
    return all_have_left && gofer::Runtime::current().stats().parks == before.parks;
}

/// Waits until n goroutines of this runtime are parked: an event, where a test would otherwise sleep and
/// hope.
inline bool parked_reaches(std::size_t n) {
    return VERIFY(eventually([n] { return are_parked_together(n); }));
}

/// The same of a wait with a deadline, unless it is over: a machine under load may be too slow to see it.
inline bool parked_reaches(std::size_t n, const std::atomic<bool>& over) {
    return VERIFY(eventually([&] { return over || are_parked_together(n); }));
}

/// Whether a goroutine that calls f parks in it, stays there for a moment in which it could return, and is
/// abandoned there when its runtime ends. f must own all it uses. Returns early when f does.
template <class F>
[[nodiscard]] bool parks_for_ever(F f, std::chrono::milliseconds moment = std::chrono::milliseconds{2}) {
    static std::atomic<bool> returned;
    returned = false;
    auto options = with_workers(2);
    options.shutdown_grace = std::chrono::milliseconds{1};
    gofer::run(options, [&f, moment] {
        gofer::go([f = std::move(f)]() mutable {
            f();
            returned = true;
        });
        VERIFY(eventually([] { return returned || gofer::Runtime::current().stats().parked >= 1; }));
        const auto over = std::chrono::steady_clock::now() + moment;
        do
            gofer::sleep_for(std::chrono::milliseconds{1});
        while (!returned && std::chrono::steady_clock::now() < over);
    });
    require_no_failures();
    return !returned;
}

} // namespace fixture

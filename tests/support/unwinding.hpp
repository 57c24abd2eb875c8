// Runtimes that unwind what is left of them, for the tests of that.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>

#include <gofer/base/now.hpp>

#include "fixture.hpp"

namespace fixture {

/// Leaks::unwind after a short grace.
[[nodiscard]] inline gofer::RuntimeOptions unwinding(unsigned workers) {
    auto options = with_workers(workers);
    options.shutdown_grace = std::chrono::milliseconds{2};
    options.leaks = gofer::Leaks::unwind;
    return options;
}

/// Takes so much processor time.
inline void compute_for(std::int64_t ns) {
    const std::int64_t end = gofer::base::time_of(CLOCK_THREAD_CPUTIME_ID) + ns;
    while (gofer::base::time_of(CLOCK_THREAD_CPUTIME_ID) < end) {
    }
}

/// Runs body as the main goroutine of a runtime with that many workers, which unwinds what body leaves.
template <class Body>
void unwound_at_workers(unsigned workers, Body& body) {
    INFO("workers: " << workers);
    gofer::run(unwinding(workers), [&body] { body(); });
    require_no_failures();
}

/// The same at each worker count. `clean`: nothing of them may be left.
template <class Body>
void unwound_and_clean(Body body) {
    for (const unsigned workers : worker_counts) {
        const LeakProof proof;
        unwound_at_workers(workers, body);
        proof.require_clean_soon(); // a thread that the system keeps waiting is not waited for
    }
}

/// Counts how many scopes of a goroutine were left, and by what.
struct Exits {
    std::atomic<int> entered{0}, destroyed{0}, returned{0};
};

/// A goroutine that counts in `exits`, owns a tracked value in its frame and one in its closure, and calls f.
template <class F>
void go_counted(std::shared_ptr<Exits> exits, F f) {
    gofer::go([exits = std::move(exits), f = std::move(f), held = Tracked{1}]() mutable {
        struct Local {
            Exits& exits;
            Tracked held{2};
            ~Local() { ++exits.destroyed; }
        } const local{*exits};
        ++exits->entered;
        f();
        ++exits->returned;
    });
}

} // namespace fixture

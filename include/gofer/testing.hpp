// For users' own tests. LeakCheck: a test that leaves goroutines behind fails.
//
//     TEST_CASE("the server stops") {                      // Catch2
//         gofer::testing::LeakCheck leaks([](const std::string& what) { FAIL_CHECK(what); });
//         ...
//     }
//     TEST(Server, Stops) {                                // GoogleTest
//         gofer::testing::LeakCheck leaks([](const std::string& what) { ADD_FAILURE() << what; });
//         ...
//     }
//
// Write gofer::testing, since ::testing is GoogleTest's. Make the check before what it is to watch, so that it looks when
// all of that is gone.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" // as gofer.hpp does

#include <gofer/base/fatal.hpp>
#include <gofer/debug/live.hpp>
#include <gofer/time/sleep.hpp>

namespace gofer::inline v1::testing {

/// At the end of the scope, goroutines that were started since its beginning and are still there are an error, in any
/// runtime of the process and by whomever they were started, so run such tests one at a time. They get a grace first,
/// half a second if none is given: a goroutine that was told to end needs a moment for its last steps. Made and
/// destroyed on any thread or goroutine; blocks while goroutines are left and the grace lasts. Nothing is checked when an
/// exception ends the scope: the test has failed already. uber-go's goleak.
class [[nodiscard]] LeakCheck {
public:
    /// Gets one text: a line for each goroutine that is left, with id, name, place and what it waits for. Called on the
    /// thread that checks. May throw where check() is called, not out of the destructor.
    using Report = std::function<void(const std::string& what)>;

    static constexpr std::chrono::milliseconds default_grace{500};

    /// Without a report of its own a leak is a fatal error: the text on stderr, then abort.
    LeakCheck() : LeakCheck(Report{}) {}
    explicit LeakCheck(Report report, std::chrono::milliseconds grace = default_grace)
        : report_(std::move(report)), grace_(grace), before_(debug::live_goroutines()) {
        // One that is queued still has no number by which it could be known again.
        poll([this] { return (before_ = debug::live_goroutines()).waiting == 0; });
    }
    ~LeakCheck() {
        if (!checked_ && std::uncaught_exceptions() <= exceptions_) check();
    }
    LeakCheck(const LeakCheck&) = delete;
    LeakCheck& operator=(const LeakCheck&) = delete;

    /// Checks now instead of at the end of the scope. True: nothing is left.
    bool check() {
        checked_ = true;
        std::string left;
        if (poll([&] { return (left = debug::describe_new_since(before_)).empty(); })) return true;
        const std::string what = "gofer: goroutines were started and are still there:\n" + left;
        if (report_) return report_(what), false;
        std::fputs(what.c_str(), stderr);
        base::fatal("gofer: testing::LeakCheck: goroutines outlive their test; end them, or wait for their end");
    }

private:
    /// False: it does not hold when the grace is over.
    template <class Holds>
    bool poll(Holds holds) const {
        const std::int64_t until = base::deadline_after(grace_);
        for (std::chrono::microseconds step{50}; !holds(); step = std::min(step * 2, std::chrono::microseconds(5000))) {
            if (base::now_ns() >= until) return false;
            sleep_for(step);
        }
        return true;
    }

    Report report_;
    std::chrono::milliseconds grace_;
    debug::LiveGoroutines before_;
    int exceptions_ = std::uncaught_exceptions();
    bool checked_ = false;
};

} // namespace gofer::inline v1::testing

#pragma GCC diagnostic pop

// Verdict: what went wrong, noted from any goroutine or thread, and judged by the test's own thread.
//
// Catch2's assertions belong to the thread that runs the test, and a goroutine runs on whichever thread takes
// it, so a body inside `gofer::run` notes its failures with VERIFY, and the fixture asserts after `run` that
// there are none. A VERIFY that holds takes no lock: it must not order two goroutines that would race without
// it.
#pragma once

#include <mutex>
#include <sstream>
#include <string>
#include <utility>

namespace fixture {

class Verdict {
public:
    static Verdict& instance() {
        static Verdict verdict;
        return verdict;
    }

    void note(const char* claim, const char* file, int line) {
        std::lock_guard guard{mutex_};
        if (++count_ > most_shown) return;
        std::ostringstream text;
        text << file << ':' << line << ": does not hold: " << claim << '\n';
        failures_ += text.str();
    }

    /// The failures since the last call, as text; empty when all held.
    [[nodiscard]] std::string take() {
        std::lock_guard guard{mutex_};
        count_ = 0;
        return std::exchange(failures_, {});
    }

private:
    static constexpr int most_shown = 20;

    std::mutex mutex_;
    std::string failures_;
    int count_{0};
};

inline bool verify(bool held, const char* claim, const char* file, int line) {
    if (!held) Verdict::instance().note(claim, file, line);
    return held;
}

/// Whether f throws an Expected; anything else that it throws goes on.
template <class Expected, class F>
[[nodiscard]] bool throws(F&& f) {
    try {
        std::forward<F>(f)();
    } catch (const Expected&) {
        return true;
    }
    return false;
}

} // namespace fixture

#define VERIFY(...) ::fixture::verify(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

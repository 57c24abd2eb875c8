// How often all threads may be stopped without anybody having asked for it, as the end of run does (shutdown.hpp): a
// service may have a run for each request. So a search is followed by a pause of fifty times its length, and of a
// second at least when nothing came of it: the next one is no likelier to succeed.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace gofer::inline v1::debug {

/// Any thread. All times in nanoseconds on one clock.
class SearchPace {
public:
    static constexpr std::int64_t pause_for_each = 50;
    static constexpr std::int64_t pause_after_failure = 1'000'000'000;

    /// True: it is the caller's turn. Nobody else's for a second, or until the caller has said how it went.
    bool begin(std::int64_t now) noexcept {
        std::int64_t next = next_.load(std::memory_order_relaxed);
        return now >= next &&
               next_.compare_exchange_strong(next, now + pause_after_failure, std::memory_order_relaxed);
    }
    void end(std::int64_t began, std::int64_t now, bool judged) noexcept {
        const std::int64_t pause = pause_for_each * (now - began);
        next_.store(now + (judged ? pause : std::max(pause, pause_after_failure)), std::memory_order_relaxed);
    }

private:
    std::atomic<std::int64_t> next_{INT64_MIN};
};

/// The process's.
[[gnu::visibility("default")]] inline SearchPace& search_pace() noexcept {
    static constinit SearchPace pace;
    return pace;
}

} // namespace gofer::inline v1::debug

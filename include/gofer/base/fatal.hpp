// The end of the process by an error that nothing can mend: one message in one write, then abort.
// Callers: every room. Safe in a signal handler: formats into a buffer on the stack, allocates nothing.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <unistd.h>

namespace gofer::inline v1::base {

/// Writes all of it, in pieces if it must be. False: it could not. Safe in a signal handler.
[[gnu::cold, gnu::noinline]] inline bool write_all(int file, const char* text, std::size_t size) noexcept {
    while (size > 0) {
        const ssize_t n = ::write(file, text, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

/// Writes the message to stderr in one piece, so that messages of several threads do not mix.
[[gnu::format(printf, 1, 2)]] inline void say(const char* format, ...) noexcept {
    char text[2048];
    std::va_list args;
    va_start(args, format);
    int length = std::vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length < 0) return;
    const auto size = static_cast<std::size_t>(length) < sizeof text ? static_cast<std::size_t>(length)
                                                                      : sizeof text - 1;
    [[maybe_unused]] auto written = ::write(STDERR_FILENO, text, size);
}

/// What the rooms above still want to do when the process dies of an error of ours: write the flight recorder's file.
/// May run in a signal handler.
using LastAct = void (*)() noexcept;
[[gnu::visibility("default")]] inline std::atomic<LastAct>& last_act() noexcept {
    static std::atomic<LastAct> act{nullptr};
    return act;
}
/// How many threads are about it.
[[gnu::visibility("default")]] inline std::atomic<unsigned>& acting_last() noexcept {
    static std::atomic<unsigned> threads{0};
    return threads;
}
/// Does it, the first time. Who comes meanwhile waits for its end, some seconds at most, since the process dies when he
/// goes on.
[[gnu::cold, gnu::noinline]] inline void act_last() noexcept {
    acting_last().fetch_add(1);
    const LastAct act = last_act().exchange(nullptr);
    if (act) act();
    acting_last().fetch_sub(1);
    constexpr timespec pause{0, 1'000'000};
    for (int ms = 0; !act && acting_last().load() > 0 && ms < 5000; ++ms) ::nanosleep(&pause, nullptr);
}

/// What is said of the process beside the message; set by the room that knows it. Once a process; others wait.
using LastWords = void (*)() noexcept;
[[gnu::visibility("default")]] inline std::atomic<LastWords>& last_words() noexcept {
    static std::atomic<LastWords> words{nullptr};
    return words;
}
inline void say_last_words() noexcept {
    if (const LastWords words = last_words().load(std::memory_order_acquire)) words();
}

/// Prints `fatal error: ` and the message (what, who, where, what to do), then aborts.
template <class... Args>
[[noreturn, gnu::cold, gnu::noinline]] void fatal(const char* format, Args... args) noexcept {
    char text[1536];
    if constexpr (sizeof...(Args) == 0)
        std::snprintf(text, sizeof text, "%s", format);
    else
        std::snprintf(text, sizeof text, format, args...);
    say("fatal error: %s\n", text);
    say_last_words();
    act_last();
    std::abort();
}

} // namespace gofer::inline v1::base

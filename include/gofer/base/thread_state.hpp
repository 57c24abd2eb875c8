// What the system knows of a thread, and one wish to it. Linux; where it is refused, nothing happens.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace gofer::inline v1::base {

/// What a thread of this process is doing, by the system's letter (proc(5)): R runs, or waits for a processor, S sleeps, D
/// sleeps so that no signal reaches it, Z has ended. 0 when the system does not say. About ten microseconds.
inline char state_of(pid_t tid) noexcept {
    char path[64], text[128] = {};
    std::snprintf(path, sizeof path, "/proc/self/task/%d/stat", static_cast<int>(tid));
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    const ssize_t n = ::read(file, text, sizeof text - 1);
    ::close(file);
    const char* state = n > 0 ? std::strrchr(text, ')') : nullptr; // the name before it may hold anything
    return state && state[1] ? state[2] : '\0';
}

/// Whether it runs, or waits for a processor, at the moment; false: it sleeps. True when the system does not say.
inline bool wants_processor(pid_t tid) noexcept {
    const char state = state_of(tid);
    return state == 0 || state == 'R';
}

/// Asks for short time slices, which come sooner: for a thread that others wait for while all processors are busy.
/// Linux 6.12 and later.
inline void ask_for_short_slices() noexcept {
    struct {
        std::uint32_t size, policy;
        std::uint64_t flags;
        std::int32_t nice;
        std::uint32_t priority;
        std::uint64_t runtime, deadline, period;
    } wish{};
    if (::syscall(SYS_sched_getattr, 0, &wish, sizeof wish, 0) != 0) return;
    wish.runtime = 200'000;
    ::syscall(SYS_sched_setattr, 0, &wish, 0);
}

} // namespace gofer::inline v1::base

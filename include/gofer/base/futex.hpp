// The system calls by which a thread sleeps and is woken, and the barrier that lets the waking side do without a
// fence. Linux; nothing above this file calls the kernel for them.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gofer/base/fatal.hpp>
#include <gofer/base/now.hpp>
#include <gofer/base/sanitizer.hpp>

namespace gofer::inline v1::base {

using FutexWord = std::atomic<std::uint32_t>;

/// The system call. False: the deadline (nanoseconds of CLOCK_MONOTONIC; never: none) has passed.
inline bool futex_call(FutexWord& word, std::uint32_t expected, std::int64_t deadline) noexcept {
    timespec until{};
    timespec* limit = nullptr;
    if (deadline != never) {
        until.tv_sec = static_cast<std::time_t>(deadline / 1'000'000'000);
        until.tv_nsec = static_cast<long>(deadline % 1'000'000'000);
        limit = &until;
    }
    const int saved = errno;
    const long rc = ::syscall(SYS_futex, static_cast<void*>(&word), FUTEX_WAIT_BITSET_PRIVATE, expected, limit, nullptr,
                              FUTEX_BITSET_MATCH_ANY);
    const bool late = rc != 0 && errno == ETIMEDOUT;
    errno = saved;
    return !late;
}

/// TSan holds a signal back until its thread calls something that TSan intercepts, which no raw system call is. So
/// there a thread that sleeps for long looks up ten times a second.
inline bool futex_naps(FutexWord& word, std::uint32_t expected, std::int64_t deadline) noexcept {
    constexpr std::int64_t nap_ns = 100'000'000;
    const std::int64_t nap_end = now_ns() + nap_ns;
    if (deadline <= nap_end) return futex_call(word, expected, deadline);
    if (!futex_call(word, expected, nap_end)) ::usleep(1);
    return true;
}

/// Sleeps while `word` holds `expected`, at most until `deadline` (nanoseconds of CLOCK_MONOTONIC; never: no limit).
/// May return early for no reason; returns false only when the deadline has passed.
inline bool futex_wait_until(FutexWord& word, std::uint32_t expected, std::int64_t deadline) noexcept {
    return tsan_build ? futex_naps(word, expected, deadline) : futex_call(word, expected, deadline);
}

/// Wakes one sleeper. The word itself is not touched, so it may be gone already.
inline void futex_wake(FutexWord* word) noexcept {
    const int saved = errno;
    ::syscall(SYS_futex, static_cast<void*>(word), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    errno = saved;
}

/// A full fence. TSan has none (and warns), so there it is a read-modify-write, which is one on every processor.
inline void full_fence() noexcept {
#if defined(GOFER_TSAN)
    static std::atomic<int> word{0};
    word.fetch_add(1, std::memory_order_seq_cst);
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

/// True when heavy_barrier() is one membarrier call; otherwise both sides of a Dekker pair need a full fence.
inline bool asymmetric_barriers() noexcept {
    static const bool available =
        ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
    return available;
}

/// The rare side of a Dekker pair: after it, every other thread of the process has executed a full fence.
/// Partner: light_barrier().
inline void heavy_barrier() noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (!asymmetric_barriers()) return full_fence();
    const int saved = errno;
    while (::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) {
        if (errno != ENOMEM) // the light sides have no fence any more: there is no way back
            fatal("gofer: the system call membarrier, registered before, is refused now (a seccomp filter set since?); "
                  "set the filter before the first goroutine is started");
        ::sched_yield();
    }
    errno = saved;
}

/// The frequent side of a Dekker pair: keeps the compiler from moving the load before the store, and costs nothing
/// at run time. Enough where the kernel has membarrier (Linux 4.14). Partner: heavy_barrier().
[[gnu::always_inline]] inline void light_barrier() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

/// The same, enough everywhere: it asks.
inline void light_barrier_out_of_line() noexcept {
    light_barrier();
    if (!asymmetric_barriers()) [[unlikely]]
        full_fence();
}

} // namespace gofer::inline v1::base

// A fiber: a stack, and what the processor has to get back when it runs on it again. The record lies at the top of
// the stack it describes, so that a parked shallow goroutine needs one page and no more.
//
// Invariants: `context` is the saved stack pointer while suspended and means nothing while running; `running` is
// set before a jump to the fiber and cleared by the next fiber on that thread, after `context` is saved.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <gofer/base/sanitizer.hpp>
#include <gofer/base/spin_lock.hpp>

namespace gofer::inline v1::fiber {

/// The exception state of a thread as the Itanium C++ ABI lays it out (__cxa_eh_globals): the stack of caught
/// exceptions and the count of uncaught ones. It has to travel with the fiber; Boost.Context leaves it behind.
struct ExceptionState {
    void* caught = nullptr;
    unsigned int uncaught = 0;
};

struct Fiber {
    std::atomic<void*> context{nullptr}; // relaxed everywhere; the trimmer may look at any time
    std::atomic<bool> running{false};
    std::atomic<bool> trimming{false};
    bool trimmed = false; // since it was suspended last; touched by the trimmer only
    std::uint8_t size_class = 0;
    int saved_errno = 0;
    ExceptionState exceptions;
    char* bottom = nullptr; // lowest usable address, just above the guard
    char* top = nullptr;    // first address past the stack
    Fiber* next = nullptr;  // in a pool, or among a worker's spares
#if defined(GOFER_TSAN)
    void* tsan = nullptr;   // the identity of the goroutine on this stack; null: that of the thread
#endif
    void* asan_fake_stack = nullptr;
    std::atomic<std::uint32_t> suspensions{0}; // for the trimmer: has it run since it looked last?
    std::uint32_t seen_suspensions = 0;        // touched by the trimmer only, as is the next
    std::int64_t seen_at = 0;                  // when it was first seen suspended as it is (nanoseconds)
    bool has_canary = false;
};

/// Hardly ever, so that the other half is short enough for every switch.
[[gnu::noinline, gnu::cold]] inline void await_trimmer(const Fiber& fiber) noexcept {
    base::Backoff backoff;
    while (fiber.trimming.load(std::memory_order_acquire)) backoff.pause();
}

/// Waits until nobody gives back pages of a stack that is about to run. Partner: fiber/trim.hpp, which sets
/// `trimming`, passes a heavy barrier and then looks at `running`.
[[gnu::always_inline]] inline void enter_running(Fiber& fiber) noexcept {
    fiber.running.store(true, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (fiber.trimming.load(std::memory_order_acquire)) [[unlikely]]
        await_trimmer(fiber);
}

} // namespace gofer::inline v1::fiber

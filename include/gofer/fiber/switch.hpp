// The switch: the one function through which a thread leaves one stack and goes on with another. Everything that a
// switch can get wrong is got right here, once:
//
// - Nothing that belongs to the thread is cached across the jump: the Carrier comes out of the jump itself, and holds
//   the addresses of the thread's errno and exception state, taken once when the thread started.
// - errno and the exception state are put away before and put back after.
// - A new fiber computes as its thread does, and not as the goroutine that happens to make it. A loop sees to it that
//   the next goroutine on its stack does, too.
// - What must not be seen before the registers are saved (the lock of a wait list, a place in a queue) is released by
//   `after`, which the *next* fiber on this thread runs before anything else.
// - ASan hears of each jump before and after; TSan is told the identity that runs next, without an edge.
#pragma once

#include <cerrno>
#include <cxxabi.h>

#include <gofer/fiber/fiber.hpp>
#include <gofer/fiber/jump.hpp>

#if defined(GOFER_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace gofer::inline v1::fiber {

/// Runs on the next fiber, first thing. `departed` is suspended by then and may be published.
using After = void (*)(void* argument, Fiber* departed);
inline void after_nothing(void*, Fiber*) noexcept {}

/// How a thread rounds, and what traps there. jump_fcontext takes both along with a fiber, so a goroutine may change them
/// and park; but make_fcontext gives a new fiber those of its maker, who may be such a one.
struct Arithmetic {
#if defined(__x86_64__)
    std::uint32_t sse = 0;
    std::uint16_t x87 = 0;

    void note() noexcept { asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(sse), "=m"(x87)); }
    void restore() const noexcept { asm volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(sse), "m"(x87)); }
    /// Half a nanosecond; to ask for both words, or to restore them at once, takes more than twice that. Who changes one by
    /// the functions of <cfenv> changes both.
    bool is_changed() const noexcept {
        constexpr std::uint32_t control = 0xffc0; // the other bits are notes of what has happened
        std::uint32_t now = 0;
        asm volatile("stmxcsr %0" : "=m"(now));
        return ((now ^ sse) & control) != 0;
    }
#else
    void note() noexcept {}
    void restore() const noexcept {}
    bool is_changed() const noexcept { return false; }
#endif
};

/// What a thread carries from one fiber to the next. One for each thread that runs fibers.
struct Carrier {
    Fiber* departing = nullptr;
    Fiber* arriving = nullptr;
    After after = after_nothing;
    void* after_argument = nullptr;
    ExceptionState* exceptions = nullptr;
    int* errno_address = nullptr;
    Arithmetic arithmetic; // as it was when the thread started
    Fiber native;          // the thread's own stack

    void set_after(After hook, void* argument) noexcept {
        after = hook;
        after_argument = argument;
    }
    /// No switch is under way, and for a while there will be none. The argument names the fiber that left last: a trace
    /// of it that nobody needs, and that would hide a leak (debug/orphans.hpp).
    void forget_departed() noexcept { set_after(after_nothing, nullptr); }
    /// Takes the addresses of what belongs to the calling thread; on that thread, before its first switch.
    void bind_to_thread() noexcept {
        exceptions = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
        errno_address = &errno;
        arithmetic.note();
        native.bottom = native.top = nullptr; // another thread's, if this carrier had one before
        base::tsan_belongs_to_thread(errno_address, sizeof errno);
#if defined(GOFER_TSAN)
        native.tsan = __tsan_get_current_fiber();
#endif
    }
};

enum class Leaving : bool { for_now, for_good };

inline void tell_asan_before([[maybe_unused]] Fiber* from, [[maybe_unused]] Fiber* to,
                             [[maybe_unused]] Leaving leaving) noexcept {
#if defined(GOFER_ASAN)
    from->asan_fake_stack = nullptr;
    void** keep = leaving == Leaving::for_good ? nullptr : &from->asan_fake_stack;
    __sanitizer_start_switch_fiber(keep, to->bottom, static_cast<std::size_t>(to->top - to->bottom));
#endif
}

inline void tell_asan_after([[maybe_unused]] void* fake_stack, [[maybe_unused]] Fiber* departed) noexcept {
#if defined(GOFER_ASAN)
    const void* bottom = nullptr;
    std::size_t size = 0;
    __sanitizer_finish_switch_fiber(fake_stack, &bottom, &size);
    if (!departed->bottom) { // a thread's own stack: its bounds are learnt when it is first left
        departed->bottom = static_cast<char*>(const_cast<void*>(bottom));
        departed->top = departed->bottom + size;
    }
#endif
}

/// First thing on the far side of a jump, in the name of the fiber that left.
GOFER_SWITCHES inline Carrier* arrive(Arrival arrival, Fiber* self) noexcept {
    auto* carrier = static_cast<Carrier*>(arrival.data);
    Fiber* departed = carrier->departing;
    tell_asan_after(self->asan_fake_stack, departed);
    departed->context.store(arrival.left, std::memory_order_relaxed);
    departed->running.store(false, std::memory_order_release);
    *carrier->exceptions = self->exceptions;
    *carrier->errno_address = self->saved_errno;
    call(carrier->after, carrier->after_argument, departed);
    return carrier;
}

/// Leaves `from`, on which the caller runs, for `to`. Returns when someone jumps back, with the carrier of the
/// thread that did, which may be another one.
GOFER_SWITCHES inline Carrier* switch_fiber(Carrier* carrier, Fiber* from, Fiber* to,
                                                  Leaving leaving = Leaving::for_now) noexcept {
    from->exceptions = *carrier->exceptions;
    from->saved_errno = *carrier->errno_address;
    from->suspensions.store(from->suspensions.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    enter_running(*to);
    carrier->departing = from;
    carrier->arriving = to;
    tell_asan_before(from, to, leaving);
#if defined(GOFER_TSAN)
    __tsan_switch_to_fiber(to->tsan ? to->tsan : carrier->native.tsan, __tsan_switch_to_fiber_no_sync);
#endif
    return arrive(jump(to->context.load(std::memory_order_relaxed), carrier), from);
}

/// Marks the calling function's frame as the outermost one, so that unwinders, debuggers and profilers stop there.
/// (Boost before 1.91 gives its entry code no unwind information.) A macro, since the directive belongs to the frame.
#if defined(__x86_64__)
#define GOFER_OUTERMOST_FRAME() asm volatile(".cfi_undefined rip" ::: "memory")
#elif defined(__aarch64__)
#define GOFER_OUTERMOST_FRAME() asm volatile(".cfi_undefined x30" ::: "memory")
#else
#define GOFER_OUTERMOST_FRAME() asm volatile("" ::: "memory")
#endif

/// A loop that was retired has left its fake stack behind (ASan's option detect_stack_use_after_return), which can only
/// be freed by whoever stands on it. So the next fiber has it, and ASan is told that the frames in it are over.
inline void forget_fake_frames() noexcept {
#if defined(GOFER_ASAN)
    __asan_handle_no_return();
#endif
}

/// What a fiber runs from its first jump on; never returns.
using Start = void (*)(Fiber*, Carrier*);

template <Start start>
[[noreturn]] GOFER_UNINSTRUMENTED inline void first_frame(fcontext::transfer_t transfer) noexcept {
    GOFER_OUTERMOST_FRAME();
    Fiber* self = static_cast<Carrier*>(transfer.data)->arriving;
    Carrier* carrier = arrive(first_arrival(transfer, self->context), self);
    carrier->arithmetic.restore();
    forget_fake_frames();
    start(self, carrier);
    __builtin_unreachable();
}

/// Makes the fiber start with `start` when it is next switched to. Its stack must be idle.
template <Start start>
void prepare(Fiber& fiber) noexcept {
    enter_running(fiber); // from here on its frames are live, so nobody may give its pages back
    auto* frames = reinterpret_cast<char*>(&fiber);
    fiber.exceptions = {};
    fiber.saved_errno = 0;
    make_context(fiber.context, frames, static_cast<std::size_t>(frames - fiber.bottom), first_frame<start>);
}

} // namespace gofer::inline v1::fiber

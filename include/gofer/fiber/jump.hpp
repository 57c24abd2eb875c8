// The jump: a processor leaves one stack for another. Contexts are made and entered by Boost.Context, by jump_fcontext and
// make_fcontext themselves rather than boost::context::fiber: they save no exception state in any version of Boost, so all
// versions from 1.74 on behave alike.
//
// On x86-64 only the first jump to a context is Boost's; from one suspended fiber to another we jump ourselves, and
// keep what Boost keeps. That takes a quarter off a ping-pong, and as much off a yield among 1000. Why:
// - The jump is part of the function that parks, and comes back to it by an indirect jump of its own. A call would leave
//   its return address with the processor, for whom every return on the other stack is then mispredicted, some 6 ns each:
//   jump_fcontext costs two or three of them, a function of ours that returns costs one (0.79 of that one's time here).
// - Both control words of floating-point arithmetic are loaded by Boost each time, which the processor does slowly. They are
//   compared here and loaded when they differ, which they hardly ever do (0.96 and 0.85 of the time).
// - The compiler saves what it needs and no more.
// And where the frames of a suspended goroutine begin is known whatever Boost was built with (frames.hpp).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <boost/context/detail/fcontext.hpp>

#include <gofer/base/sanitizer.hpp>

namespace gofer::inline v1::fiber {

namespace fcontext = boost::context::detail;

/// What a jump brings: the context of the fiber that was left, and what it handed over.
struct Arrival {
    void* left;
    void* data;
};

/// What a context begins with. It never returns.
using Entry = void (*)(fcontext::transfer_t);

#if defined(__x86_64__)
/// What stands at the address that is a fiber's context.
struct Saved {
    std::uint32_t sse;
    std::uint16_t x87;
    void* rbx;
    void* rbp;
    void* go_on_at;
};
static_assert(sizeof(Saved) == 32 && offsetof(Saved, x87) == 4 && offsetof(Saved, rbx) == 8 && offsetof(Saved, rbp) == 16 &&
              offsetof(Saved, go_on_at) == 24); // jump() counts on it

#if defined(__AVX512F__)
#define GOFER_AVX512_REGISTERS                                                                                            \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", \
        "xmm29", "xmm30", "xmm31", "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"
#else
#define GOFER_AVX512_REGISTERS
#endif
#if defined(__APX_F__)
#define GOFER_APX_REGISTERS                                                                                              \
    , "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30", "r31"
#else
#define GOFER_APX_REGISTERS
#endif

/// Leaves the caller's stack for a context, which receives `data`. Returns when someone jumps back.
///
/// To the compiler it is an instruction that spoils every register but two, which may be those that it finds the frame
/// by. (Those of AVX-512 can only be named in a program built for it. In any other, a function with such a target of its own
/// has nothing in them here: the caller calls functions right before and after, which may spoil them as well.)
/// What is saved lies in the red zone, below the frame: nobody runs here meanwhile. So the frame must not use it, which
/// it does not if the function calls others. The caller sees to that: see call().
[[gnu::always_inline]] inline Arrival jump(void* to, void* data) noexcept {
    void* left;
    asm volatile("leaq 1f(%%rip), %%rcx\n\t"
                 "movq %%rcx, -8(%%rsp)\n\t"
                 "movq %%rbp, -16(%%rsp)\n\t"
                 "movq %%rbx, -24(%%rsp)\n\t"
                 "stmxcsr -32(%%rsp)\n\t"
                 "fnstcw -28(%%rsp)\n\t"
                 "movl -32(%%rsp), %%ecx\n\t"
                 "movzwl -28(%%rsp), %%edx\n\t"
                 "leaq -32(%%rsp), %%rax\n\t"
                 "cmpl (%%rdi), %%ecx\n\t"
                 "jne 2f\n\t"
                 "cmpw 4(%%rdi), %%dx\n\t"
                 "jne 2f\n"
                 "3:\n\t"
                 "movq 24(%%rdi), %%rcx\n\t"
                 "movq 16(%%rdi), %%rbp\n\t"
                 "movq 8(%%rdi), %%rbx\n\t"
                 "leaq 32(%%rdi), %%rsp\n\t"
                 "jmp *%%rcx\n"
                 "2:\n\t"
                 "ldmxcsr (%%rdi)\n\t"
                 "fldcw 4(%%rdi)\n\t"
                 "jmp 3b\n"
                 "1:\n\t"
                 "endbr64"
                 : "=a"(left), "+S"(data), "+D"(to)
                 :
                 : "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc", "xmm0", "xmm1", "xmm2",
                   "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                   "xmm15", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)",
                   "st(7)" GOFER_AVX512_REGISTERS GOFER_APX_REGISTERS);
    return {left, data};
}
#undef GOFER_AVX512_REGISTERS
#undef GOFER_APX_REGISTERS

/// What a new context goes on at: Boost's own way in. What that saves of the caller is never used. It is the middle of a
/// function, not the beginning of one, where a compiler may put what spoils a register (a counter of --coverage, the canary
/// of -fstack-protector-all).
[[gnu::noinline]] inline void* gate() noexcept {
    void* at;
    asm volatile("leaq 1f(%%rip), %0\n\t"
                 "jmp 2f\n\t"
                 ".cfi_remember_state\n\t"
                 ".cfi_undefined rip\n"
                 "1:\n\t"
                 "endbr64\n\t"
                 "movq %%rax, (%%rbp)\n\t" // the context of the fiber that was left
                 "movq %%rbx, %%rdi\n\t"   // the one to be entered; in rsi is the data
                 "jmp jump_fcontext@PLT\n\t"
                 ".cfi_restore_state\n"
                 "2:"
                 : "=r"(at));
    return at;
}

/// Makes a context that begins with `entry`, on the idle stack of `size` bytes that ends at `top`, and puts it into
/// `context`.
GOFER_UNINSTRUMENTED GOFER_READS_STACKS inline void make_context(std::atomic<void*>& context, char* top,
                                                                 std::size_t size, Entry entry) noexcept {
    static_assert(sizeof(std::atomic<void*>) == sizeof(void*) && std::atomic<void*>::is_always_lock_free);
    void* made = fcontext::make_fcontext(top, size, entry);
    Saved& saved = *(static_cast<Saved*>(made) - 1);
    asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(saved.sse), "=m"(saved.x87));
    saved.rbx = made;
    saved.rbp = &context;
    saved.go_on_at = gate();
    context.store(&saved, std::memory_order_relaxed);
}

/// For the entry, whose own context is where the gate has left the other one's. It is one of its stack again after that.
inline Arrival first_arrival(fcontext::transfer_t transfer, std::atomic<void*>& context) noexcept {
    void* left = context.load(std::memory_order_relaxed);
    context.store(transfer.fctx, std::memory_order_relaxed);
    return {left, transfer.data};
}

/// Calls, whatever follows; a call that is the last thing a function does may become a jump.
template <class Function, class... Args>
[[gnu::always_inline]] inline void call(Function function, Args... args) {
    function(args...);
    asm volatile("");
}

/// Whether there are frames: it was left by a jump, and is not new.
inline bool has_begun(const void* context) noexcept {
    return static_cast<const Saved*>(context)->go_on_at != gate();
}
#else
inline Arrival jump(void* to, void* data) noexcept {
    const fcontext::transfer_t transfer = fcontext::jump_fcontext(to, data);
    return {transfer.fctx, transfer.data};
}
inline void make_context(std::atomic<void*>& context, char* top, std::size_t size, Entry entry) noexcept {
    context.store(fcontext::make_fcontext(top, size, entry), std::memory_order_relaxed);
}
inline Arrival first_arrival(fcontext::transfer_t transfer, std::atomic<void*>&) noexcept {
    return {transfer.fctx, transfer.data};
}
template <class Function, class... Args>
void call(Function function, Args... args) {
    function(args...);
}
inline bool has_begun(const void*) noexcept { return false; }
#endif

} // namespace gofer::inline v1::fiber

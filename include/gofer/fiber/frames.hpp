// The return addresses on a stack: of the caller, and of a suspended fiber without running it.
//
// For a suspended one nothing runs on its stack and nothing is written to it: the unwinder starts from a call whose
// unwind information says that its caller's registers are those that jump() has saved (jump.hpp). So the walk reads memory
// that stands still, needs no room below the fiber, and no sanitizer, shadow stack or debugger is in its way.
//
// Where jump() is Boost's, the layout of what it saves is Boost's own business: no frames are to be had there.
#pragma once

#include <cstdint>
#include <unwind.h>

#include <gofer/fiber/switch.hpp>

namespace gofer::inline v1::fiber {

/// Return addresses, innermost first.
struct Frames {
    static constexpr unsigned most = 32;

    unsigned count = 0;
    const void* at[most] = {};

    void add(const void* address) noexcept {
        if (count < most) at[count++] = address;
    }
    bool full() const noexcept { return count == most; }
};

namespace frames {

/// The innermost `skip` are left out.
struct Walk {
    Frames* frames;
    unsigned skip;
};

inline _Unwind_Reason_Code note(_Unwind_Context* context, void* argument) {
    auto& walk = *static_cast<Walk*>(argument);
    int before = 0;
    auto address = _Unwind_GetIPInfo(context, &before);
    if (address == 0) return _URC_END_OF_STACK;
    if (walk.skip > 0) {
        --walk.skip;
        return _URC_NO_REASON;
    }
    if (before) { // a signal came here: what stands further in is its handler
        walk.frames->count = 0;
        ++address; // as of a call, whose return address is looked up one byte before
    }
    walk.frames->add(reinterpret_cast<const void*>(address));
    return walk.frames->full() ? _URC_END_OF_STACK : _URC_NO_REASON;
}

extern "C" {
[[gnu::visibility("hidden"), gnu::used, gnu::noinline]] inline void gofer_v1_walk(void* walk) {
    _Unwind_Backtrace(&note, walk);
}
}

#if defined(__x86_64__)
inline constexpr bool can_walk = true;

// The first frame is the one that jump() is part of. It has saved all registers that are not among these.
[[gnu::noinline]] inline void walk_from(void* context, Walk& walk) noexcept {
    asm volatile("movq %[context], %%r12\n\t"
                 "movq %%rsp, %%rbx\n\t"
                 "subq $128, %%rsp\n\t" // the red zone
                 "andq $-16, %%rsp\n\t"
                 ".cfi_remember_state\n\t"
                 ".cfi_def_cfa r12, 32\n\t"
                 ".cfi_offset rip, -8\n\t"
                 ".cfi_offset rbp, -16\n\t"
                 ".cfi_offset rbx, -24\n\t"
                 "call %P[function]\n\t"
                 "nop\n\t"
                 ".cfi_restore_state\n\t"
                 "movq %%rbx, %%rsp"
                 :
                 : [context] "r"(context), "D"(&walk), [function] "i"(&gofer_v1_walk)
                 : "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "rbx", "r12", "memory", "cc", "xmm0", "xmm1",
                   "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
                   "xmm14", "xmm15");
}
#else
inline constexpr bool can_walk = false;
inline void walk_from(void*, Walk&) noexcept {}
#endif

} // namespace frames

/// Of the caller's caller and those further out, after the innermost `skip`.
[[gnu::noinline]] inline void walk_own(Frames& out, unsigned skip = 0) noexcept {
    frames::Walk walk{&out, skip + 1};
    _Unwind_Backtrace(&frames::note, &walk);
}

/// Of a fiber that is suspended and held (hold.hpp). The innermost is the one that has left.
inline void walk_suspended(Frames& out, const Fiber& fiber) noexcept {
    void* context = fiber.context.load(std::memory_order_relaxed);
    if (!frames::can_walk || !context || !has_begun(context)) return;
    frames::Walk walk{&out, 2}; // gofer_v1_walk and walk_from
    frames::walk_from(context, walk);
}

} // namespace gofer::inline v1::fiber

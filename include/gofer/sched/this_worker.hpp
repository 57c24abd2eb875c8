// The thread_locals of the library, and the only functions that form their addresses: the worker that a thread is, and
// the goroutine for which another thread runs code (blocking.hpp).
//
// A compiler computes the address of a thread_local once and uses it again after a call, when the goroutine may run
// on another thread. So the address never leaves these functions, which are not inlined, and whose pointer goes through
// an empty asm so that interprocedural analysis cannot find it constant. Ask again after anything that may park.
// In a program (not in a shared object, which may be loaded when it is too late for this) on x86-64 the worker is read
// in line, by two instructions whose address no compiler sees. (Not with ASan: see GOFER_SWITCHES.)
#pragma once

#include <gofer/sched/worker.hpp>

namespace gofer::inline v1::sched {

// Default visibility: two shared objects of one process share one runtime.
[[gnu::visibility("default"), gnu::used]]
inline constinit thread_local Worker* this_worker_slot asm("gofer_v1_this_worker") = nullptr;

/// The worker of the calling thread; null on a thread that is none.
#if defined(__x86_64__) && defined(__ELF__) && (!defined(__PIC__) || defined(__PIE__)) && !defined(GOFER_ASAN)
[[gnu::always_inline, gnu::visibility("default")]] inline Worker* this_worker() noexcept {
    Worker* worker;
    asm volatile("movq gofer_v1_this_worker@gottpoff(%%rip), %0\n\t"
                 "movq %%fs:(%0), %0"
                 : "=r"(worker)::"memory");
    return worker;
}
#else
[[gnu::noinline, gnu::visibility("default")]] GOFER_UNINSTRUMENTED inline Worker* this_worker() noexcept {
    Worker** slot = &this_worker_slot;
    asm volatile("" : "+r"(slot)::"memory");
    return *slot;
}
#endif

[[gnu::noinline, gnu::visibility("default")]] GOFER_UNINSTRUMENTED inline void set_this_worker(Worker* worker) noexcept {
    Worker** slot = &this_worker_slot;
    asm volatile("" : "+r"(slot)::"memory");
    *slot = worker;
}

/// That of the calling thread; null on a thread that is no worker.
[[gnu::always_inline]] inline Presence* this_presence() noexcept {
    Worker* w = this_worker();
    return w ? &w->presence : nullptr;
}

/// A goroutine whose blocking code runs on a thread that is no worker.
struct Guest {
    Goroutine* goroutine;
    Scheduler* scheduler;
};
[[gnu::visibility("default")]] inline constinit thread_local const Guest* this_guest_slot = nullptr;

/// Null unless the calling thread runs blocking code of a goroutine.
[[gnu::noinline, gnu::visibility("default")]] inline const Guest* this_guest() noexcept { return this_guest_slot; }
[[gnu::noinline, gnu::visibility("default")]] inline void set_this_guest(const Guest* guest) noexcept {
    this_guest_slot = guest;
}

/// The scheduler that the caller's code belongs to; null on a plain thread. `w` is this_worker().
inline Scheduler* this_scheduler(const Worker* w) noexcept {
    if (w) [[likely]]
        return w->scheduler;
    const Guest* guest = this_guest();
    return guest ? guest->scheduler : nullptr;
}

/// The goroutine whose code the caller is, be it on a worker or in blocking code; null outside. It may park only if
/// it is this_goroutine_record(), too.
inline Goroutine* this_identity() noexcept {
    if (const Worker* w = this_worker()) return w->current;
    const Guest* guest = this_guest();
    return guest ? guest->goroutine : nullptr;
}

/// The goroutine that is running on this worker; null outside.
inline Goroutine* this_goroutine_record() noexcept {
    Worker* w = this_worker();
    return w ? static_cast<Goroutine*>(w->current) : nullptr;
}

/// Destroys the running goroutine's GoroutineLocal values, before those who wait for its end are told.
inline void end_locals() noexcept {
    if (!task::LocalKeys::in_use().load(std::memory_order_relaxed)) [[likely]] return;
    if (Goroutine* g = this_goroutine_record()) g->end_locals();
}

} // namespace gofer::inline v1::sched

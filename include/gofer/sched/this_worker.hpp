// The one thread_local of the library, and the one function that forms its address.
//
// A compiler computes the address of a thread_local once and uses it again after a call, when the goroutine may run
// on another thread. So the address never leaves this function, which is not inlined, and whose pointer goes through
// an empty asm so that interprocedural analysis cannot find it constant. Ask again after anything that may park.
#pragma once

#include <gofer/sched/worker.hpp>

namespace gofer::inline v1::sched {

// Default visibility: two shared objects of one process share one runtime.
[[gnu::visibility("default")]] inline constinit thread_local Worker* this_worker_slot = nullptr;

/// The worker of the calling thread; null on a thread that is none.
[[gnu::noinline, gnu::visibility("default")]] GOFER_UNINSTRUMENTED inline Worker* this_worker() noexcept {
    Worker** slot = &this_worker_slot;
    asm volatile("" : "+r"(slot)::"memory");
    return *slot;
}

[[gnu::noinline, gnu::visibility("default")]] GOFER_UNINSTRUMENTED inline void set_this_worker(Worker* worker) noexcept {
    Worker** slot = &this_worker_slot;
    asm volatile("" : "+r"(slot)::"memory");
    *slot = worker;
}

/// The goroutine that is running; null outside.
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

// An exception that leaves a goroutine ends the process, as a panic does in Go, and before any unwinding, so that
// the core shows the throw. `noexcept` would not do: its terminate comes after the frames in between are gone.
//
// The outermost frame of a goroutine therefore has a personality routine of its own. The unwinder asks it in the
// search phase, when no handler further in wants the exception and not one frame is undone. Had there been no
// message to print, reaching the end of the stack would call std::terminate in just that place.
#pragma once

#include <cstdint>
#include <cxxabi.h>
#include <exception>
#include <unwind.h>

#include <gofer/base/fatal.hpp>
#include <gofer/fiber/switch.hpp>
#include <gofer/task/task.hpp>

namespace gofer::inline v1::task {

/// Prints which goroutine dies of what. Set by the room that knows the current goroutine.
using ReportUncaught = void (*)(const char* what);
[[gnu::visibility("default")]] inline std::atomic<ReportUncaught>& uncaught_reporter() noexcept {
    static std::atomic<ReportUncaught> report{nullptr};
    return report;
}

/// Calls `report` with what() of the exception that is being handled, or with words for one that has none.
[[gnu::noinline]] inline void describe_current(ReportUncaught report) noexcept {
    try {
        throw;
    } catch (const std::exception& e) {
        report(e.what());
    } catch (...) {
        report("an exception that is no std::exception");
    }
}

extern "C" {
// Hidden, since a shared object can refer to its own copy only; in each the same.
[[gnu::visibility("hidden"), gnu::used]] inline _Unwind_Reason_Code
gofer_v1_goroutine_personality(int, _Unwind_Action actions, std::uint64_t, _Unwind_Exception* exception,
                               _Unwind_Context*) {
    if (!(actions & _UA_SEARCH_PHASE)) return _URC_CONTINUE_UNWIND;
    abi::__cxa_begin_catch(exception);
    if (ReportUncaught report = uncaught_reporter().load()) describe_current(report);
    base::act_last();
    std::terminate();
}
}

/// Runs the task as the outermost frame of a goroutine.
[[gnu::noinline]] inline void run_outermost(Task* task, RecordPool* pool) {
#if defined(__x86_64__) || defined(__aarch64__)
    asm volatile(".cfi_personality 0x1b, %c0" ::"i"(&gofer_v1_goroutine_personality) : "memory");
#endif
    GOFER_OUTERMOST_FRAME();
    task->run(pool);
    asm volatile("" ::: "memory"); // keeps the call from becoming a jump, which would lose this frame
}

} // namespace gofer::inline v1::task

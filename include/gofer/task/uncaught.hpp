// An exception that leaves a goroutine ends the process, as a panic does in Go, and before any unwinding, so that
// the core shows the throw. `noexcept` would not do: its terminate comes after the frames in between are gone.
//
// The outermost frame of a goroutine therefore has a personality routine of its own. The unwinder asks it in the
// search phase, when no handler further in wants the exception and not one frame is undone. Had there been no
// message to print, reaching the end of the stack would call std::terminate in just that place.
//
// While what is left of a runtime is unwound (debug/unwind.hpp) the same routine is the handler of last resort: Unwind
// ends there, and any other exception is printed. So a goroutine needs no try block, and who unwinds none of it.
#pragma once

#include <cstdint>
#include <cxxabi.h>
#include <exception>
#include <unwind.h>

#include <gofer/base/fatal.hpp>
#include <gofer/error.hpp>
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

/// Whether the running goroutine is on its last steps in a runtime that is over. Set as the above.
using AskWhetherOver = bool (*)() noexcept;
[[gnu::visibility("default")]] inline std::atomic<AskWhetherOver>& over_for_this_goroutine() noexcept {
    static std::atomic<AskWhetherOver> ask{nullptr};
    return ask;
}

/// Whether the exception that is being handled is Unwind.
inline bool handles_unwind() noexcept {
    if (!abi::__cxa_current_exception_type()) return false; // another language's; it cannot be thrown on
    try {
        throw;
    } catch (const Unwind&) {
        return true;
    } catch (...) {
        return false;
    }
}

extern "C" {
// Hidden, since a shared object can refer to its own copy only; in each the same.
[[gnu::visibility("hidden"), gnu::used]] inline _Unwind_Reason_Code
gofer_v1_goroutine_personality(int, _Unwind_Action actions, std::uint64_t, _Unwind_Exception* exception,
                               _Unwind_Context* context) {
    const AskWhetherOver ask = over_for_this_goroutine().load();
    const bool over = ask && ask();
    const ReportUncaught report = uncaught_reporter().load();
    if (actions & _UA_SEARCH_PHASE) {
        if (over) return _URC_HANDLER_FOUND;
        abi::__cxa_begin_catch(exception);
        if (report) describe_current(report);
        base::act_last();
        std::terminate();
    }
    if (!(actions & _UA_HANDLER_FRAME)) return _URC_CONTINUE_UNWIND;
    abi::__cxa_begin_catch(exception);
    if (report && !handles_unwind()) describe_current(report);
    abi::__cxa_end_catch();
    _Unwind_SetIP(context, _Unwind_GetIP(context)); // as if the task had returned
    return _URC_INSTALL_CONTEXT;
}
}

/// Runs the task as the outermost frame of a goroutine.
[[gnu::noinline]] inline void run_outermost(Task* task, const Goroutine& self) {
#if defined(__x86_64__)
    asm volatile(".cfi_personality 0x1b, %c0" ::"i"(&gofer_v1_goroutine_personality) : "memory");
#elif defined(__aarch64__) // "i" is refused in a position-independent program
    asm volatile(".cfi_personality 0x1b, %c0" ::"S"(&gofer_v1_goroutine_personality) : "memory");
#endif
    GOFER_OUTERMOST_FRAME();
    task->run(self);
    asm volatile("" ::: "memory"); // keeps the call from becoming a jump, which would lose this frame
}

} // namespace gofer::inline v1::task

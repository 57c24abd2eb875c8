// Whether guards are really there: asked in a child process, which touches them.
#pragma once

#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <span>
#include <sys/wait.h>
#include <unistd.h>

#include <gofer/fiber/slab.hpp>

#include "../../support/stack_memory.hpp"

namespace million {

inline sigjmp_buf after_fault;

/// Whether writing there faults. In the child only: the handler is the process's.
inline bool faults(char* address) {
    static_cast<void>(std::signal(SIGSEGV, [](int) { siglongjmp(after_fault, 1); }));
    if (sigsetjmp(after_fault, 1) != 0) return true;
    *static_cast<volatile char*>(address) = 1;
    return false;
}

inline bool guarded(fixture::StackBounds stack) {
    return stack.bottom != nullptr && faults(stack.bottom - 1) && faults(stack.bottom - gofer::fiber::guard_size()) &&
           !faults(stack.bottom) && !faults(stack.top - 1);
}

/// One child for all of them: a fork copies the page tables of a million stacks.
inline bool all_guarded(std::span<const fixture::StackBounds> stacks) {
    const pid_t child = ::fork();
    if (child == 0) {
        for (const auto& stack : stacks)
            if (!guarded(stack)) std::_Exit(1);
        std::_Exit(0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return status == 0;
}

} // namespace million

// fork(): the child has the forking thread and no other, so in it every runtime is dead. What needs one there ends the
// process with a clear message; exec, _exit and exit work, and so does all that does not block. Nothing is asked on the
// fast paths: the child finds every scheduler stopped and every worker's loop due, and who looks closer looks here. The
// report is made where the goroutine or thread still stands in its own call, so that its stack shows where that was.
#pragma once

#include <atomic>

#include <pthread.h>
#include <unistd.h>

#include <gofer/base/fatal.hpp>
#include <gofer/task/wait_reason.hpp>

namespace gofer::inline v1::sched {

/// This process is the child of a fork that came after the first use of the library.
[[gnu::visibility("default")]] inline std::atomic<bool>& forked() noexcept {
    static std::atomic<bool> is_child{false};
    return is_child;
}

[[noreturn, gnu::cold, gnu::noinline]] inline void used_after_fork(const char* how, const char* why) noexcept {
    base::fatal("gofer: use after fork: in process %d, a child of fork, %s%s; the runtime's threads exist in the parent "
                "only. In the child call exec or _exit, or fork before the library is first used",
                static_cast<int>(::getpid()), how, why);
}

/// `how`: what the caller is about to do.
[[gnu::cold]] inline void must_not_be_forked(const char* how) noexcept {
    if (forked().load(std::memory_order_relaxed)) used_after_fork(how, "");
}
[[gnu::cold]] inline void must_not_be_forked(task::WaitReason reason) noexcept {
    if (forked().load(std::memory_order_relaxed)) used_after_fork("somebody waits: ", task::describe(reason));
}

} // namespace gofer::inline v1::sched

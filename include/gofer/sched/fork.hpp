// fork(): the child has the forking thread and no other, so in it every runtime is dead. What needs one there ends the
// process with a clear message; exec, _exit and exit work, and so does all that does not block. Nothing is asked on the
// fast paths: the child finds every scheduler stopped, and who looks closer at a stopped one looks here.
#pragma once

#include <atomic>

#include <pthread.h>

#include <gofer/base/fatal.hpp>

namespace gofer::inline v1::sched {

/// This process is the child of a fork that came after the first use of the library.
[[gnu::visibility("default")]] inline std::atomic<bool>& forked() noexcept {
    static std::atomic<bool> is_child{false};
    return is_child;
}

[[gnu::cold]] inline void must_not_be_forked() noexcept {
    if (forked().load(std::memory_order_relaxed))
        base::fatal("gofer: use after fork: the runtime's threads exist in the parent only; in the child call exec or "
                    "_exit, or fork before the library is first used");
}

} // namespace gofer::inline v1::sched

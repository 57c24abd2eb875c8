// Threads that are no workers and call the library: which of them have ever done so, and which are blocked in it
// without a time limit. For the detector of deadlocks (debug/deadlock.hpp), which must know who could still wake
// somebody.
//
// Nothing of this is on a path that does not block: a thread is noted the first time it blocks, wakes or starts a
// goroutine, or takes the lock of a channel, and it enters the list of the blocked when it is about to sleep.
// Lock: of that list; held for a few instructions, and no other is taken under it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unistd.h>

#include <gofer/base/futex.hpp>
#include <gofer/base/list.hpp>
#include <gofer/base/sanitizer.hpp>
#include <gofer/base/spin_lock.hpp>
#include <gofer/base/thread_exit.hpp>
#include <gofer/sched/monitor.hpp>
#include <gofer/sched/this_worker.hpp>
#include <gofer/task/wait_reason.hpp>

namespace gofer::inline v1::sched {

/// Whether the thread is one of the library's own, or was noted before.
[[gnu::visibility("default")]] inline constinit thread_local bool this_thread_is_known = false;

class PlainThreads {
public:
    /// A thread that sleeps until its word is set; lies in the frame of the call.
    class Blocked : public base::ListHook<Blocked> {
    public:
        Blocked(const base::FutexWord& word, task::WaitReason why, const void* what) noexcept
            : reason(why), waits_on(what), tid(::gettid()), in_blocking_code(this_guest() != nullptr), word_(word) {
            instance().enter(*this);
        }
        ~Blocked() { instance().leave(*this); }
        Blocked(const Blocked&) = delete;
        Blocked& operator=(const Blocked&) = delete;

        /// Nobody has woken it yet.
        bool asleep() const noexcept { return word_.load(std::memory_order_acquire) == 0; }

        const task::WaitReason reason;
        const void* const waits_on;
        const pid_t tid;
        const bool in_blocking_code; // a thread of the pool, and no plain one

    private:
        const base::FutexWord& word_;
    };

    [[gnu::visibility("default")]] static PlainThreads& instance() noexcept {
        static PlainThreads& threads = *new PlainThreads; // never destroyed: threads end at any time
        return threads;
    }

    /// The calling thread, which is no worker, uses the library.
    [[gnu::noinline]] static void note() noexcept {
        if (!this_thread_is_known) instance().join();
    }
    /// The calling thread is one of the library's own.
    static void note_ours() noexcept { this_thread_is_known = true; }
    /// The thread that runs the process's exit handlers, when ours has run; 0 before.
    [[gnu::visibility("default")]] static std::atomic<pid_t>& exiting_thread() noexcept {
        static constinit std::atomic<pid_t> thread{0};
        return thread;
    }

    /// Those that have called the library and have not ended.
    unsigned known() const noexcept { return known_.load(std::memory_order_relaxed); }
    /// Changes whenever a thread begins or ends to be blocked.
    std::uint64_t changes() const noexcept { return changes_.load(std::memory_order_relaxed); }

    /// Calls `visit` for each thread that is blocked without a time limit, under the list's lock.
    template <class Visit>
    void for_each_blocked(Visit visit) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        for (const Blocked* b = blocked_.front(); b; b = b->next) visit(*b);
    }

private:
    // The end of the main thread is that of the process, but for odd programs.
    void join() noexcept {
        this_thread_is_known = true;
        known_.fetch_add(1, std::memory_order_relaxed);
        if (::gettid() != ::getpid()) base::at_thread_exit(&thread_ends, this);
    }
    static void thread_ends(void* self) noexcept {
        const base::EngineRegion engine; // as where it came to know this object
        static_cast<PlainThreads*>(self)->known_.fetch_sub(1, std::memory_order_relaxed);
        Monitor::instance().note_busy();
    }

    void enter(Blocked& b) noexcept {
        note();
        {
            const std::lock_guard<base::SpinLock> guard(lock_);
            blocked_.push_back(b);
            count_change();
        }
        Monitor::instance().note_busy(); // perhaps it was the last one awake
    }
    void leave(Blocked& b) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        blocked_.remove(b);
        count_change();
    }
    void count_change() noexcept { changes_.store(changes() + 1, std::memory_order_relaxed); }

    base::SpinLock lock_;
    base::List<Blocked> blocked_;
    std::atomic<std::uint64_t> changes_{0}; // written under the lock
    std::atomic<unsigned> known_{0};
};

} // namespace gofer::inline v1::sched

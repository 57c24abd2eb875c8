// The child that stops all threads of the process (standstill.hpp): it shares our memory and is no thread of ours, so it
// may trace each of them (PTRACE_SEIZE, PTRACE_INTERRUPT).
//
// It runs on our thread-local memory, so it calls nothing that a sanitizer intercepts and touches no errno
// (raw_call.hpp). It has our memory and our open files, so it is not to outlive us: the kernel ends it with the thread
// that began it, which waits for it, and is there for so long unless the process is killed. Where a seccomp filter kills
// it for what it asks, it leaves no core, which would be all of our memory.
#pragma once

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gofer/debug/raw_call.hpp>
#include <gofer/debug/stopped_thread.hpp>
#include <gofer/debug/thread_status.hpp>

namespace gofer::inline v1::debug {

class Tracer {
public:
    static constexpr std::size_t most_threads = 4096;

    /// asking: for leave to trace us.
    enum Phase : std::uint32_t { stopping, asking, permitted, stopped, pinned, released, expired, failed };

    /// Within so many nanoseconds all stand still or it is given up; and they do so for that time and as much again, a
    /// second at most.
    explicit Tracer(std::int64_t limit_ns) noexcept : limit_ns_(limit_ns) {}

    /// Before it runs. `tasks` is a descriptor of /proc/self/task, `threads` has room for most_threads; the thread `self` of
    /// the process `parent` waits for it, and is not stopped.
    void prepare(int tasks, pid_t self, pid_t parent, StoppedThread* threads) noexcept {
        tasks_ = tasks;
        self_ = self;
        parent_ = parent;
        threads_ = threads;
    }

    // The side of the one who waits. Partners of each other: the release of the phase, and its acquire by the other side.
    Phase phase() const noexcept { return static_cast<Phase>(phase_.load(std::memory_order_acquire)); }
    void enter(Phase phase) noexcept {
        phase_.store(phase, std::memory_order_release);
        wake();
    }
    bool enter_from(Phase before, Phase phase) noexcept {
        std::uint32_t seen = before;
        const bool entered = phase_.compare_exchange_strong(seen, phase, std::memory_order_acq_rel);
        wake();
        return entered;
    }
    /// Returns for no reason, too. Touches errno.
    void await_change_from(Phase phase, timespec most) noexcept {
        ::syscall(SYS_futex, static_cast<void*>(&phase_), FUTEX_WAIT_PRIVATE, phase, &most, nullptr, 0);
    }

    // Those that are stopped.
    GOFER_ON_FOREIGN_STACK const StoppedThread* find(pid_t tid) const noexcept {
        for (std::size_t i = 0; i < count_; ++i)
            if (threads_[i].tid == tid) return threads_ + i;
        return nullptr;
    }
    const StoppedThread* begin() const noexcept { return threads_; }
    const StoppedThread* end() const noexcept { return threads_ + count_; }

    /// The child: what clone() calls. It leaves with 0 when it has let everybody go.
    GOFER_ON_FOREIGN_STACK static int trace(void* tracer) noexcept {
        auto& self = *static_cast<Tracer*>(tracer);
        raw_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
        constexpr rlimit no_core{1, 1}; // 0 would let one go to a pipe
        raw_call(SYS_prlimit64, 0, RLIMIT_CORE, &no_core);
        if (raw_call(SYS_getppid) != self.parent_) return 1;
        const std::int64_t began = now();
        const bool done = self.stop_all(began + (self.limit_ns_ < patience_ns ? self.limit_ns_ : patience_ns));
        self.set(done ? stopped : failed);
        if (done) self.await_release(began);
        self.let_all_go();
        return 0;
    }

private:
    static constexpr std::int64_t patience_ns = 500'000'000;
    static constexpr std::int64_t most_overtime_ns = 1'000'000'000;
    static constexpr unsigned looks_for_the_end = 32; // a millisecond or two

    // Not by std::atomic, whose functions a sanitizer instruments.
    GOFER_ON_FOREIGN_STACK std::uint32_t* word() noexcept { return reinterpret_cast<std::uint32_t*>(&phase_); }
    GOFER_ON_FOREIGN_STACK void set(Phase phase) noexcept {
        __atomic_store_n(word(), static_cast<std::uint32_t>(phase), __ATOMIC_RELEASE);
        wake();
    }
    GOFER_ON_FOREIGN_STACK void wake() noexcept { raw_call(SYS_futex, &phase_, FUTEX_WAKE_PRIVATE, 1); }
    GOFER_ON_FOREIGN_STACK void await_change(std::uint32_t old, std::int64_t ns) noexcept {
        timespec pause{static_cast<std::time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
        raw_call(SYS_futex, &phase_, FUTEX_WAIT_PRIVATE, old, &pause);
    }

    GOFER_ON_FOREIGN_STACK void await_release(std::int64_t began) noexcept {
        const std::int64_t overtime = limit_ns_ < most_overtime_ns ? limit_ns_ : most_overtime_ns;
        for (;;) {
            auto seen = __atomic_load_n(word(), __ATOMIC_ACQUIRE);
            if (seen != stopped && seen != pinned) return;
            const std::int64_t rest = limit_ns_ - (now() - began) + overtime;
            if (rest > 0)
                await_change(seen, rest);
            else if (seen == pinned)
                await_change(seen, most_overtime_ns); // and again
            else
                __atomic_compare_exchange_n(word(), &seen, static_cast<std::uint32_t>(expired), false,
                                            __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
        }
    }

    // Until a pass over the list of threads finds none that is new, and there are no more than it has found: those that
    // could make one stand still then. The list alone does not tell, since it breaks off at a thread that ends while it
    // is read, perhaps having made another.
    GOFER_ON_FOREIGN_STACK bool stop_all(std::int64_t until) noexcept {
        if (ThreadStatus(tasks_, self_).number_of_threads() > most_threads) return false; // nobody is stopped in vain
        for (;;) {
            const std::size_t known = count_;
            found_ = 0;
            if (!seize_new(until)) return false;
            if (count_ == known && found_ == ThreadStatus(tasks_, self_).number_of_threads()) return true;
            if (now() > until) return false;
            for (std::size_t i = known; i < count_; ++i)
                if (!await_stop(threads_[i], until)) return false;
        }
    }

    struct Entry { // linux_dirent64
        std::uint64_t inode;
        std::int64_t offset;
        unsigned short length;
        unsigned char type;
        char name[1];
    };
    GOFER_ON_FOREIGN_STACK bool seize_new(std::int64_t until) noexcept {
        raw_call(SYS_lseek, tasks_, 0, SEEK_SET);
        for (;;) {
            const long n = raw_call(SYS_getdents64, tasks_, entries_, sizeof entries_);
            if (n <= 0) return n == 0;
            for (long at = 0; at < n;) {
                const auto* entry = reinterpret_cast<const Entry*>(entries_ + at);
                at += entry->length;
                if (!seize(number_at(reinterpret_cast<const char*>(entry) + offsetof(Entry, name))) || now() > until)
                    return false;
            }
        }
    }
    GOFER_ON_FOREIGN_STACK bool seize(pid_t tid) noexcept {
        if (tid == 0) return true;
        if (tid == self_ || find(tid)) {
            ++found_;
            return true;
        }
        if (count_ == most_threads) return false;
        long error = raw_call(SYS_ptrace, PTRACE_SEIZE, tid);
        if (error == -EPERM && !ThreadStatus(tasks_, tid).has_ended() && !asked_) {
            ask();
            error = raw_call(SYS_ptrace, PTRACE_SEIZE, tid);
        }
        if (error != 0) {
            if (tid == parent_) ++found_; // ended, it stays in the list as long as there are others
            return error == -ESRCH || (error == -EPERM && ThreadStatus(tasks_, tid).has_ended());
        }
        StoppedThread& t = threads_[count_++];
        t.tid = tid;
        error = raw_call(SYS_ptrace, PTRACE_INTERRUPT, tid);
        return error == 0 || error == -ESRCH;
    }
    GOFER_ON_FOREIGN_STACK void ask() noexcept {
        asked_ = true;
        set(asking);
        while (__atomic_load_n(word(), __ATOMIC_ACQUIRE) == asking) await_change(asking, 1'000'000'000);
    }
    GOFER_ON_FOREIGN_STACK bool await_stop(StoppedThread& t, std::int64_t until) noexcept {
        for (unsigned looks = 1;; ++looks) {
            int status = 0;
            const long got = raw_call(SYS_wait4, t.tid, &status, __WALL | WNOHANG);
            if (got < 0) return got == -ECHILD; // ended
            if (got == t.tid) {
                if (!WIFSTOPPED(status)) return true; // ended
                t.stopped = true;
                if (status >> 16 == 0) t.signal = WSTOPSIG(status);
                return t.read_registers();
            }
            if (looks % looks_for_the_end == 0 && ThreadStatus(tasks_, t.tid).has_ended())
                return true; // waited for in vain: the main thread
            if (now() > until) return false;
            timespec pause{0, 20'000};
            raw_call(SYS_nanosleep, &pause);
        }
    }
    GOFER_ON_FOREIGN_STACK void let_all_go() noexcept {
        for (std::size_t i = 0; i < count_; ++i)
            if (threads_[i].stopped)
                raw_call(SYS_ptrace, PTRACE_DETACH, threads_[i].tid, 0, threads_[i].signal);
    }
    GOFER_ON_FOREIGN_STACK static std::int64_t now() noexcept {
        timespec t{};
        raw_call(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
        return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
    }

    const std::int64_t limit_ns_;
    int tasks_ = -1;
    pid_t self_ = 0;
    pid_t parent_ = 0;
    StoppedThread* threads_ = nullptr;
    std::size_t count_ = 0;
    std::size_t found_ = 0; // in this pass, ours included
    bool asked_ = false;
    std::atomic<std::uint32_t> phase_{stopping};
    alignas(8) char entries_[4096];
};

} // namespace gofer::inline v1::debug

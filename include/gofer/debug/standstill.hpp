// All other threads of the process stopped at one moment, with their registers at hand, so that its memory can be read
// as one picture. As LeakSanitizer does it: a child that shares our memory and is no thread of ours traces each thread
// (tracer.hpp). No signal is sent, so no handler of the user's runs; a thread that no signal
// reaches is stopped too; and it works under TSan, which holds signals back. What a thread may notice is what any stop
// and continuation does to it (signal(7)): epoll_wait, semop, sigtimedwait, io_getevents, a socket with a timeout and
// their like, which the kernel does not begin anew, return EINTR; other system calls go on.
//
// Where it cannot be done (a debugger traces the process already, the system forbids ptrace, a thread does not stop in
// time) it says so, and everybody goes on. So they do when it takes too long, because whoever looks is stuck in memory
// that another thread was to provide (userfaultfd, a file system of the process's own). Only while he follows pointers,
// which takes moments and which he must not do once others write again, does he have them wait.
//
// Where Yama asks for it (ptrace_scope 1) and only there, the child is made the one that may trace (PR_SET_PTRACER).
// That replaces whom the program has named so, a crash handler say, and nobody is named afterwards: the system does not
// tell who it was.
//
// The stopped threads may have any lock there is, the heap's among them. So whoever brings it about takes no lock, allocates
// nothing and writes to no stream until it is over: some milliseconds, so no clock of the system notices.
#pragma once

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gofer/base/sanitizer.hpp>
#include <gofer/debug/stopped_thread.hpp>
#include <gofer/debug/tracer.hpp>

#if defined(__GLIBC__)
extern "C" int __clone(int (*)(void*), void*, int, void*,
                       ...); // what clone() is; TSan takes that one for a fork
#endif

namespace gofer::inline v1::debug {

class Standstill {
public:
    static constexpr std::size_t most_threads = Tracer::most_threads;

    /// Stops all but the calling thread. Within so many nanoseconds they all stand still or it is given up; and they do
    /// so for that time and as much again, a second at most: the caller should be through after the first, and it is
    /// only cut short after the second.
    [[gnu::noinline, gnu::cold]] explicit Standstill(std::int64_t limit_ns) noexcept : tracer_(limit_ns) {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &mask_); // a handler might want a lock
        errno_ = errno;
        if (begin())
            await_outcome();
        else
            tracer_.enter(Tracer::failed);
    }
    [[gnu::noinline, gnu::cold]] ~Standstill() {
        if (holds()) static_cast<void>(over());
        if (child_ >= 0) static_cast<void>(reap(0));
        if (excepted_) ::prctl(PR_SET_PTRACER, 0, 0, 0, 0);
        if (memory_ != MAP_FAILED) ::munmap(memory_, bytes);
        if (tasks_ >= 0) ::close(tasks_);
        errno = errno_;
        ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    }
    Standstill(const Standstill&) = delete;
    Standstill& operator=(const Standstill&) = delete;

    /// Whether they stand still, and have since the beginning.
    bool holds() const noexcept {
        const Tracer::Phase phase = tracer_.phase();
        return phase == Tracer::stopped || phase == Tracer::pinned;
    }
    /// Until unpin() nobody goes on, however long it takes. False: they do already.
    /// Not under TSan, whose runtime has locks of its own: one that a stopped thread holds would be waited for for ever.
    [[nodiscard]] bool pin() noexcept {
        if (base::tsan_build) return holds();
        return tracer_.enter_from(Tracer::stopped, Tracer::pinned);
    }
    void unpin() noexcept {
        if (!base::tsan_build) tracer_.enter(Tracer::stopped);
    }
    /// Lets them go. False: they have not stood still to the end.
    bool over() noexcept {
        const bool held = tracer_.enter_from(Tracer::stopped, Tracer::released);
        return reap(0) && held; // had the child died, everybody would have gone on
    }

    GOFER_ON_FOREIGN_STACK const StoppedThread* find(pid_t tid) const noexcept { return tracer_.find(tid); }
    const StoppedThread* begin_threads() const noexcept { return tracer_.begin(); }
    const StoppedThread* end_threads() const noexcept { return tracer_.end(); }
    /// Its own memory: of no interest to who looks for traces of others.
    const char* memory() const noexcept { return static_cast<const char*>(memory_); }
    std::size_t memory_size() const noexcept { return bytes; }

private:
    static constexpr std::size_t stack_bytes = 64 * 1024;
    static constexpr std::size_t bytes = stack_bytes + most_threads * sizeof(StoppedThread);

    /// False: there is no child.
    bool begin() noexcept {
        memory_ = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        tasks_ = ::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const pid_t self = ::gettid(), process = ::getpid();
        if (memory_ == MAP_FAILED || tasks_ < 0 || !knows_our_numbers(self, process) || under_valgrind()) return false;
        char* top = static_cast<char*>(memory_) + stack_bytes;
        tracer_.prepare(tasks_, self, process, reinterpret_cast<StoppedThread*>(top));
        constexpr int shared = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED;
#if defined(__GLIBC__)
        child_ = ::__clone(&Tracer::trace, top, shared, &tracer_);
#else
        child_ = ::clone(&Tracer::trace, top, shared, &tracer_);
#endif
        return child_ >= 0;
    }
    void await_outcome() noexcept {
        for (Tracer::Phase seen; (seen = tracer_.phase()) <= Tracer::permitted;) {
            if (seen == Tracer::asking) {
                excepted_ = ::prctl(PR_SET_PTRACER, child_, 0, 0, 0) == 0; // an error where there is no Yama
                tracer_.enter(Tracer::permitted);
                continue;
            }
            tracer_.await_change_from(seen, timespec{0, 10'000'000});
            if (tracer_.phase() == seen) static_cast<void>(reap(WNOHANG));
            if (child_ < 0) tracer_.enter(Tracer::failed); // a seccomp filter has killed it, say
        }
    }
    /// Whether the child has ended, as it should.
    bool reap(int options) noexcept {
        if (child_ < 0) return false;
        int status = 0;
        long got = 0;
        while ((got = ::syscall(SYS_wait4, child_, &status, __WALL | options, nullptr)) < 0 && errno == EINTR) {}
        if (got == 0) return false;
        child_ = -1;
        return got > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    /// Whether /proc calls us what the system calls do. One of another pid namespace (`unshare --pid` alone leaves it in
    /// place) has numbers that are nobody's here, or another process's.
    static bool knows_our_numbers(pid_t self, pid_t process) noexcept {
        char ours[40], theirs[40];
        std::snprintf(ours, sizeof ours, "%d/task/%d", static_cast<int>(process), static_cast<int>(self));
        const long n = ::readlink("/proc/thread-self", theirs, sizeof theirs - 1);
        if (n < 0) return false;
        theirs[n] = '\0';
        return std::strcmp(ours, theirs) == 0;
    }
    /// It knows no children that share memory, and gives up when it meets one.
    static bool under_valgrind() noexcept {
        const char* preloaded = std::getenv("LD_PRELOAD");
        return preloaded && std::strstr(preloaded, "vgpreload");
    }

    Tracer tracer_;
    sigset_t mask_;
    int errno_ = 0;
    void* memory_ = MAP_FAILED;
    int tasks_ = -1;
    int child_ = -1;
    bool excepted_ = false;
};

} // namespace gofer::inline v1::debug

// All other threads of the process stopped at one moment, with their registers at hand, so that its memory can be read
// as one picture. As LeakSanitizer does it: a child that shares our memory and is no thread of ours traces each thread
// (PTRACE_SEIZE, PTRACE_INTERRUPT). No signal is sent, so no handler of the user's runs; a thread that no signal
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
//
// The child runs on our thread-local memory, so it calls nothing that a sanitizer intercepts and touches no errno
// (raw_call.hpp). It has our memory and our open files, so it is not to outlive us: the kernel ends it with the thread
// that began it, which waits for it, and is there for so long unless the process is killed. Where a seccomp filter kills
// it for what it asks, it leaves no core, which would be all of our memory.
#pragma once

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <elf.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gofer/base/futex.hpp>
#include <gofer/base/sanitizer.hpp>
#include <gofer/debug/raw_call.hpp>

#if defined(__GLIBC__)
extern "C" int __clone(int (*)(void*), void*, int, void*,
                       ...); // what clone() is; TSan takes that one for a fork
#endif

namespace gofer::inline v1::debug {

class Standstill {
public:
    static constexpr std::size_t most_threads = 4096;

    /// What the processor had for a thread when it was stopped.
    struct Thread {
        static constexpr std::size_t room = 8192; // general and vector registers: 3.1 KB with AVX-512

        pid_t tid;
        int signal;          // that was on its way, and is delivered when it goes on
        bool stopped;        // else it is about to be
        bool in_system_call; // so it is not in the midst of any statement of ours
        bool sleeps;         // on a futex
        std::uintptr_t stack_pointer;
        std::size_t size; // of what is in `registers`, in bytes
        alignas(16) unsigned char registers[room];
    };

    /// Stops all but the calling thread. Within so many nanoseconds they all stand still or it is given up; and they do
    /// so for that time and as much again, a second at most: the caller should be through after the first, and it is
    /// only cut short after the second.
    [[gnu::noinline, gnu::cold]] explicit Standstill(std::int64_t limit_ns) noexcept : limit_ns_(limit_ns) {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &mask_); // a handler might want a lock
        errno_ = errno;
        begin();
    }
    [[gnu::noinline, gnu::cold]] ~Standstill() {
        end();
        if (memory_ != MAP_FAILED) ::munmap(memory_, bytes);
        if (tasks_ >= 0) ::close(tasks_);
        errno = errno_;
        ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    }
    Standstill(const Standstill&) = delete;
    Standstill& operator=(const Standstill&) = delete;

    /// Whether they stand still, and have since the beginning.
    bool holds() const noexcept {
        const std::uint32_t phase = phase_.load(std::memory_order_acquire);
        return phase == stopped || phase == pinned;
    }
    /// Until unpin() nobody goes on, however long it takes. False: they do already.
    /// Not under TSan, whose runtime has locks of its own: one that a stopped thread holds would be waited for for ever.
    [[nodiscard]] bool pin() noexcept {
        if (base::tsan_build) return holds();
        std::uint32_t seen = stopped;
        return phase_.compare_exchange_strong(seen, pinned, std::memory_order_acq_rel);
    }
    void unpin() noexcept {
        if (base::tsan_build) return;
        phase_.store(stopped, std::memory_order_release);
        wake();
    }
    /// Lets them go. False: they have not stood still to the end.
    bool over() noexcept {
        std::uint32_t seen = stopped;
        const bool held = phase_.compare_exchange_strong(seen, released, std::memory_order_acq_rel);
        wake();
        return reap(0) && held; // had the child died, everybody would have gone on
    }

    GOFER_ON_FOREIGN_STACK const Thread* find(pid_t tid) const noexcept {
        for (std::size_t i = 0; i < count_; ++i)
            if (threads_[i].tid == tid) return threads_ + i;
        return nullptr;
    }
    const Thread* begin_threads() const noexcept { return threads_; }
    const Thread* end_threads() const noexcept { return threads_ + count_; }
    /// Its own memory: of no interest to who looks for traces of others.
    const char* memory() const noexcept { return static_cast<const char*>(memory_); }
    std::size_t memory_size() const noexcept { return bytes; }

private:
    // asking: for leave to trace us.
    enum Phase : std::uint32_t { stopping, asking, permitted, stopped, pinned, released, expired, failed };

    static constexpr std::size_t stack_bytes = 64 * 1024;
    static constexpr std::size_t bytes = stack_bytes + most_threads * sizeof(Thread);
    static constexpr std::int64_t patience_ns = 500'000'000;
    static constexpr std::int64_t most_overtime_ns = 1'000'000'000;
    static constexpr unsigned looks_for_the_end = 32; // a millisecond or two

    void begin() noexcept {
        memory_ = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                         -1, 0);
        tasks_ = ::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        self_ = ::gettid();
        parent_ = ::getpid();
        if (memory_ == MAP_FAILED || tasks_ < 0 || !knows_our_numbers() || under_valgrind())
            return phase_.store(failed);
        char* top = static_cast<char*>(memory_) + stack_bytes;
        threads_ = reinterpret_cast<Thread*>(top);
        constexpr int shared = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED;
#if defined(__GLIBC__)
        tracer_ = ::__clone(&trace, top, shared, this);
#else
        tracer_ = ::clone(&trace, top, shared, this);
#endif
        if (tracer_ < 0) return phase_.store(failed);
        timespec pause{0, 10'000'000};
        for (std::uint32_t seen; (seen = phase_.load(std::memory_order_acquire)) <= permitted;) {
            if (seen == asking) {
                excepted_ = ::prctl(PR_SET_PTRACER, tracer_, 0, 0, 0) == 0; // an error where there is no Yama
                phase_.store(permitted, std::memory_order_release);
                wake();
                continue;
            }
            ::syscall(SYS_futex, static_cast<void*>(&phase_), FUTEX_WAIT_PRIVATE, seen, &pause, nullptr, 0);
            if (phase_.load(std::memory_order_acquire) == seen) static_cast<void>(reap(WNOHANG));
            if (tracer_ < 0) phase_.store(failed); // a seccomp filter has killed it, say
        }
    }
    void end() noexcept {
        if (holds()) static_cast<void>(over());
        if (tracer_ >= 0) static_cast<void>(reap(0));
        if (excepted_) ::prctl(PR_SET_PTRACER, 0, 0, 0, 0);
    }
    /// Whether the child has ended, as it should.
    bool reap(int options) noexcept {
        if (tracer_ < 0) return false;
        int status = 0;
        long got = 0;
        while ((got = ::syscall(SYS_wait4, tracer_, &status, __WALL | options, nullptr)) < 0 &&
               errno == EINTR) {}
        if (got == 0) return false;
        tracer_ = -1;
        return got > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    /// Whether /proc calls us what the system calls do. One of another pid namespace (`unshare --pid` alone leaves it in
    /// place) has numbers that are nobody's here, or another process's.
    bool knows_our_numbers() const noexcept {
        char ours[40], theirs[40];
        std::snprintf(ours, sizeof ours, "%d/task/%d", static_cast<int>(parent_), static_cast<int>(self_));
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

    // Both sides. Partners of each other: the release of the phase, and its acquire by the other side.
    GOFER_ON_FOREIGN_STACK void wake() noexcept {
        raw_call(SYS_futex, &phase_, FUTEX_WAKE_PRIVATE, 1);
    }

    // The child, from here on.
    GOFER_ON_FOREIGN_STACK std::uint32_t* word() noexcept {
        return reinterpret_cast<std::uint32_t*>(&phase_);
    }
    GOFER_ON_FOREIGN_STACK void set(Phase phase) noexcept {
        __atomic_store_n(word(), static_cast<std::uint32_t>(phase), __ATOMIC_RELEASE);
        wake();
    }
    GOFER_ON_FOREIGN_STACK void await_change(std::uint32_t old, std::int64_t ns) noexcept {
        timespec pause{static_cast<std::time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
        raw_call(SYS_futex, &phase_, FUTEX_WAIT_PRIVATE, old, &pause);
    }

    GOFER_ON_FOREIGN_STACK static int trace(void* argument) noexcept {
        auto* self = static_cast<Standstill*>(argument);
        raw_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
        constexpr rlimit no_core{1, 1}; // 0 would let one go to a pipe
        raw_call(SYS_prlimit64, 0, RLIMIT_CORE, &no_core);
        if (raw_call(SYS_getppid) != self->parent_) return 1;
        const std::int64_t began = now();
        const bool done = self->stop_all(began + (self->limit_ns_ < patience_ns ? self->limit_ns_ : patience_ns));
        self->set(done ? stopped : failed);
        if (done) self->await_release(began);
        self->let_all_go();
        return 0;
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
        if (number_of_threads() > most_threads) return false; // nobody is stopped in vain
        for (;;) {
            const std::size_t known = count_;
            found_ = 0;
            if (!seize_new(until)) return false;
            if (count_ == known && found_ == number_of_threads()) return true;
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
                if (!seize(number(reinterpret_cast<const char*>(entry) + offsetof(Entry, name))) || now() > until)
                    return false;
            }
        }
    }
    GOFER_ON_FOREIGN_STACK static pid_t number(const char* text) noexcept {
        pid_t value = 0;
        for (; *text >= '0' && *text <= '9'; ++text) value = value * 10 + (*text - '0');
        return value;
    }
    GOFER_ON_FOREIGN_STACK bool seize(pid_t tid) noexcept {
        if (tid == 0) return true;
        if (tid == self_ || find(tid)) {
            ++found_;
            return true;
        }
        if (count_ == most_threads) return false;
        long error = raw_call(SYS_ptrace, PTRACE_SEIZE, tid);
        if (error == -EPERM && !has_ended(tid) && !asked_) {
            ask();
            error = raw_call(SYS_ptrace, PTRACE_SEIZE, tid);
        }
        if (error != 0) {
            if (tid == parent_) ++found_; // ended, it stays in the list as long as there are others
            return error == -ESRCH || (error == -EPERM && has_ended(tid));
        }
        Thread& t = threads_[count_++];
        t.tid = tid;
        error = raw_call(SYS_ptrace, PTRACE_INTERRUPT, tid);
        return error == 0 || error == -ESRCH;
    }
    GOFER_ON_FOREIGN_STACK void ask() noexcept {
        asked_ = true;
        set(asking);
        while (__atomic_load_n(word(), __ATOMIC_ACQUIRE) == asking) await_change(asking, 1'000'000'000);
    }
    // `123 (name) S ...`, where the name may hold anything.
    struct Status {
        static constexpr std::size_t threads = 17; // fields behind the state

        char text[512];
        long size; // or an error

        /// Where the state stands; null: nowhere.
        GOFER_ON_FOREIGN_STACK const char* state() const noexcept {
            for (long at = size - 3; at >= 0; --at)
                if (text[at] == ')') return text + at + 2;
            return nullptr;
        }
    };
    /// It may be in the list all the same: the main thread is as long as there are others.
    GOFER_ON_FOREIGN_STACK bool has_ended(pid_t tid) noexcept {
        Status status;
        read_status(tid, status);
        if (status.size < 0) return status.size == -ENOENT || status.size == -ESRCH;
        const char* state = status.state();
        return state && (*state == 'Z' || *state == 'X');
    }
    /// 0: not known.
    GOFER_ON_FOREIGN_STACK std::size_t number_of_threads() noexcept {
        Status status;
        read_status(self_, status);
        const char* at = status.state();
        if (!at) return 0;
        std::size_t blanks = 0;
        for (const char* end = status.text + status.size; at < end; ++at)
            if (*at == ' ' && ++blanks == Status::threads) return static_cast<std::size_t>(number(at + 1));
        return 0;
    }
    GOFER_ON_FOREIGN_STACK void read_status(pid_t tid, Status& status) noexcept {
        char path[32], digits[16];
        std::size_t length = 0, count = 0;
        for (pid_t rest = tid; rest > 0; rest /= 10) digits[count++] = static_cast<char>('0' + rest % 10);
        while (count > 0) path[length++] = digits[--count];
        for (const char* c = "/stat"; *c; ++c) path[length++] = *c;
        path[length] = '\0';
        const long file = raw_call(SYS_openat, tasks_, path, O_RDONLY | O_CLOEXEC);
        status.size = file;
        if (file < 0) return;
        status.size = raw_call(SYS_read, file, status.text, sizeof status.text - 1);
        if (status.size >= 0) status.text[status.size] = '\0';
        raw_call(SYS_close, file);
    }
    GOFER_ON_FOREIGN_STACK bool await_stop(Thread& t, std::int64_t until) noexcept {
        for (unsigned looks = 1;; ++looks) {
            int status = 0;
            const long got = raw_call(SYS_wait4, t.tid, &status, __WALL | WNOHANG);
            if (got < 0) return got == -ECHILD; // ended
            if (got == t.tid) {
                if (!WIFSTOPPED(status)) return true; // ended
                t.stopped = true;
                if (status >> 16 == 0) t.signal = WSTOPSIG(status);
                return read_registers(t);
            }
            if (looks % looks_for_the_end == 0 && has_ended(t.tid)) return true; // waited for in vain: the main thread
            if (now() > until) return false;
            timespec pause{0, 20'000};
            raw_call(SYS_nanosleep, &pause);
        }
    }
    GOFER_ON_FOREIGN_STACK bool read_registers(Thread& t) noexcept {
#if defined(__x86_64__)
        constexpr long vectors = 0x202; // NT_X86_XSTATE
#else
        constexpr long vectors = NT_PRFPREG;
#endif
        for (const long kind : {static_cast<long>(NT_PRSTATUS), vectors}) {
            iovec part{t.registers + t.size, Thread::room - t.size};
            if (const long error = raw_call(SYS_ptrace, PTRACE_GETREGSET, t.tid, kind, &part); error != 0)
                return error == -ESRCH;
            if (kind == NT_PRSTATUS) {
                t.stack_pointer = stack_pointer_in(t.registers);
                note_system_call(t);
            }
            t.size += part.iov_len;
            t.size = (t.size + 15) / 16 * 16;
        }
        return true;
    }
    // Of the general registers, in the order of the kernel's user_regs_struct. Its header has a struct `user`, which would
    // stand in the way of the program's own.
    GOFER_ON_FOREIGN_STACK static std::uintptr_t word_of(const unsigned char* registers, std::size_t index) noexcept {
        return reinterpret_cast<const std::uintptr_t*>(registers)[index];
    }
    GOFER_ON_FOREIGN_STACK static std::uintptr_t stack_pointer_in(const unsigned char* registers) noexcept {
#if defined(__x86_64__)
        return word_of(registers, 19); // rsp
#else
        return word_of(registers, 31);
#endif
    }
    // Other processors than x86_64 do not tell here.
    GOFER_ON_FOREIGN_STACK static void note_system_call([[maybe_unused]] Thread& t) noexcept {
#if defined(__x86_64__)
        const auto number = static_cast<long>(word_of(t.registers, 15)); // orig_rax
        const auto operation = static_cast<long>(word_of(t.registers, 13)) & FUTEX_CMD_MASK; // rsi
        t.in_system_call = number >= 0;
        t.sleeps = number == SYS_futex && (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET);
#endif
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
    sigset_t mask_;
    int errno_ = 0;
    void* memory_ = MAP_FAILED;
    int tasks_ = -1;
    pid_t self_ = 0;
    pid_t parent_ = 0;
    int tracer_ = -1;
    bool asked_ = false;    // the child's
    std::size_t found_ = 0; // in this pass, ours included; the child's
    bool excepted_ = false;
    Thread* threads_ = nullptr;
    std::size_t count_ = 0;
    std::atomic<std::uint32_t> phase_{stopping};
    alignas(8) char entries_[4096];
};

} // namespace gofer::inline v1::debug

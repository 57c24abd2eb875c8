// The stacks of goroutines that run, each asked for by a signal to its thread, whose handler walks the stack under it.
//
// SIGURG, as in Go: ignored where nobody handles it, and hardly anybody does. Where the program has a handler of its own
// for it, or blocks it, there are no such stacks. A system call of the user's may return EINTR because of it, though the
// handler asks for restarts; so it is sent only when somebody has asked for a dump, once to each thread.
// Not under TSan, which holds signals back.
//
// A slot's state: free -> asked (reader) -> writing -> written (handler) -> free (reader), or asked -> free when the
// answer does not come in time. One that is being written belongs to its handler, however late; nobody waits for it for
// long, and the next reader frees it.
// The signal may come in the midst of a switch, when the worker says already whom it goes to. So an answer counts only
// where the thread was on that goroutine's stack.
#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <gofer/fiber/frames.hpp>
#include <gofer/sched/monitor.hpp>
#include <gofer/sched/this_worker.hpp>

namespace gofer::inline v1::debug {

class Probes {
public:
    [[gnu::visibility("default")]] static Probes& instance() noexcept {
        static constinit Probes probes;
        return probes;
    }

    /// Asks every thread but the caller's that is in a goroutine, and waits for the answers, some milliseconds at most. One
    /// caller at a time: a second one gets none (false). After true: done().
    bool ask(std::int64_t patience_ns) noexcept {
        if (base::tsan_build || !handles() || !busy_.try_lock()) return false;
        free_written(); // late answers to another one's question
        const sched::Worker* own = sched::this_worker();
        std::size_t asked = 0;
        sched::Monitor::instance().try_for_each(patience_ns, [&](sched::Scheduler& s) {
            for (auto& w : s.workers)
                if (w.get() != own && w->current && !w->exited.load(std::memory_order_acquire)) asked += send(w->tid);
        });
        const std::int64_t until = base::now_ns() + answer_ns;
        base::Backoff backoff;
        while (count(State::written) < asked && base::now_ns() < until) backoff.pause();
        for (Slot& slot : slots_) {
            State expected = State::asked;
            slot.state.compare_exchange_strong(expected, State::free, std::memory_order_acq_rel);
        }
        return true;
    }
    /// The stack of the goroutine with that id, if it has answered. Between ask() and done().
    const fiber::Frames* find(std::uint64_t id) const noexcept {
        for (const Slot& slot : slots_)
            if (slot.state.load(std::memory_order_acquire) == State::written && slot.id == id) return &slot.frames;
        return nullptr;
    }
    void done() noexcept {
        free_written();
        busy_.unlock();
    }

private:
    static constexpr int signal = SIGURG;
    static constexpr std::int64_t answer_ns = 20'000'000;

    enum class State : std::uint8_t { free, asked, writing, written };
    struct Slot {
        std::atomic<State> state{State::free};
        pid_t tid = 0;
        std::uint64_t id = 0;
        fiber::Frames frames;
    };

    /// False: the signal is somebody else's.
    static bool handles() noexcept {
        struct sigaction now {};
        if (::sigaction(signal, nullptr, &now) != 0) return false;
        if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == &answer) return true;
        if ((now.sa_flags & SA_SIGINFO) || (now.sa_handler != SIG_DFL && now.sa_handler != SIG_IGN)) return false;
        struct sigaction ours {};
        ours.sa_sigaction = &answer;
        ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
        sigemptyset(&ours.sa_mask);
        return ::sigaction(signal, &ours, nullptr) == 0;
    }

    std::size_t send(pid_t tid) noexcept {
        for (Slot& slot : slots_) {
            if (slot.state.load(std::memory_order_acquire) != State::free) continue;
            slot.tid = tid;
            slot.state.store(State::asked, std::memory_order_release);
            if (::syscall(SYS_tgkill, ::getpid(), tid, signal) == 0) return 1;
            slot.state.store(State::free, std::memory_order_relaxed);
            return 0;
        }
        return 0;
    }

    void free_written() noexcept {
        for (Slot& slot : slots_) {
            State expected = State::written;
            slot.state.compare_exchange_strong(expected, State::free, std::memory_order_acq_rel);
        }
    }

    /// Whether that context, of a signal handler, is one of `g`.
    static bool is_on_stack_of([[maybe_unused]] const task::Goroutine& g, [[maybe_unused]] const void* context) noexcept {
#if defined(__x86_64__)
        const auto at = static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
        const auto at = static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.sp);
#else
        return true;
#endif
#if defined(__x86_64__) || defined(__aarch64__)
        return reinterpret_cast<std::uintptr_t>(g.bottom) <= at && at < reinterpret_cast<std::uintptr_t>(g.top);
#endif
    }

    // The handler.
    static void answer(int, siginfo_t*, void* context) noexcept {
        const int saved = errno;
        const pid_t tid = ::gettid();
        for (Slot& slot : instance().slots_) {
            State expected = State::asked;
            if (slot.state.load(std::memory_order_acquire) != State::asked || slot.tid != tid) continue;
            if (!slot.state.compare_exchange_strong(expected, State::writing, std::memory_order_acq_rel)) continue;
            const task::Goroutine* g = sched::this_goroutine_record();
            if (g && !is_on_stack_of(*g, context)) g = nullptr;
            slot.id = g ? g->id : 0;
            slot.frames.count = 0;
            if (g) fiber::walk_own(slot.frames);
            slot.state.store(State::written, std::memory_order_release);
        }
        errno = saved;
    }

    std::size_t count(State state) const noexcept {
        std::size_t n = 0;
        for (const Slot& slot : slots_) n += slot.state.load(std::memory_order_acquire) == state;
        return n;
    }

    base::SpinLock busy_;
    std::array<Slot, 64> slots_{};
};

} // namespace gofer::inline v1::debug

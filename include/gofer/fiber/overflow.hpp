// The SIGSEGV handler that tells a goroutine's stack overflow from any other fault. It runs on an alternate stack
// that every worker brings along, asks `report` (which looks the address up without a lock, and aborts if it is a
// guard of ours), and passes every other fault on to the handler that was there before.
#pragma once

#include <atomic>
#include <csignal>
#include <sys/mman.h>

namespace gofer::inline v1::fiber {

/// Prints the fatal error and aborts if the address lies in the guard of a stack; returns otherwise.
using ReportOverflow = void (*)(const void* address);

class OverflowHandler {
public:
    /// Once a process; later calls do nothing.
    [[gnu::visibility("default")]] static void install(ReportOverflow report) noexcept {
        static const bool done = [report] {
            reporter() = report;
            struct sigaction action {};
            action.sa_sigaction = &on_fault;
            action.sa_flags = SA_SIGINFO | SA_ONSTACK;
            sigemptyset(&action.sa_mask);
            ::sigaction(SIGSEGV, &action, &previous());
            return true;
        }();
        static_cast<void>(done);
    }

private:
    [[gnu::visibility("default")]] static ReportOverflow& reporter() noexcept {
        static ReportOverflow report = nullptr;
        return report;
    }
    [[gnu::visibility("default")]] static struct sigaction& previous() noexcept {
        static struct sigaction action {};
        return action;
    }

    static void on_fault(int signal, siginfo_t* info, void* context) {
        reporter()(info->si_addr);
        const struct sigaction& old = previous();
        if (old.sa_flags & SA_SIGINFO) {
            old.sa_sigaction(signal, info, context);
        } else if (old.sa_handler == SIG_DFL || old.sa_handler == SIG_IGN) {
            ::signal(SIGSEGV, SIG_DFL); // the fault happens again when we return, now with its default action
            if (info->si_code <= 0) ::raise(signal); // but one that was sent does not; blocked until we return
        } else {
            old.sa_handler(signal);
        }
    }
};

/// The alternate stack of one worker thread, for its lifetime.
class SignalStack {
public:
    SignalStack() noexcept {
        memory_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory_ == MAP_FAILED) return;
        stack_t stack{};
        stack.ss_sp = memory_;
        stack.ss_size = size;
        ::sigaltstack(&stack, &before_);
    }
    ~SignalStack() {
        if (memory_ == MAP_FAILED) return;
        ::sigaltstack(&before_, nullptr);
        ::munmap(memory_, size);
    }
    SignalStack(const SignalStack&) = delete;
    SignalStack& operator=(const SignalStack&) = delete;

private:
    static constexpr std::size_t size = std::size_t{256} << 10; // committed as it is used; reports are made on it
    void* memory_ = nullptr;
    stack_t before_{};
};

} // namespace gofer::inline v1::fiber

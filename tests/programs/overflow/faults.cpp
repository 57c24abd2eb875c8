// Every other SIGSEGV reaches the handler that was there before the library's, or kills the process.
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <unistd.h>

#include "deep.hpp"

using programs::Scenario;
using programs::Setting;

namespace {

constexpr std::uintptr_t forbidden = 64;

[[gnu::noinline]] void fault() {
    volatile int* nowhere = reinterpret_cast<volatile int*>(forbidden); // not null: that would be UBSan's
    asm volatile("" : "+r"(nowhere));
    *nowhere = 1;
}

void fault_in_goroutine(const Setting& s) {
    gofer::run(s.options(), [] {
        gofer::WaitGroup wg;
        wg.go(fault);
        wg.wait();
    });
}

void say_and_exit(const char* text, std::size_t size) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, size);
    std::_Exit(42);
}

const Scenario no_handler{"a fault", fault_in_goroutine};

const Scenario simple_handler{"a fault with a simple handler before", [](const Setting& s) {
    static_cast<void>(std::signal(SIGSEGV, [](int) { say_and_exit("simple\n", 7); }));
    fault_in_goroutine(s);
}};

const Scenario full_handler{"a fault with a full handler before", [](const Setting& s) {
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = [](int, siginfo_t* info, void* context) {
        if (info->si_addr == reinterpret_cast<void*>(forbidden) && context != nullptr) say_and_exit("full\n", 5);
    };
    ::sigaction(SIGSEGV, &action, nullptr);
    fault_in_goroutine(s);
}};

const Scenario in_thread{"a fault in a plain thread", [](const Setting& s) {
    gofer::run(s.options(), [] {});
    std::thread{fault}.join();
}};

const Scenario raised{"a SIGSEGV sent by kill", [](const Setting& s) {
    gofer::run(s.options(), [] { ::kill(::getpid(), SIGSEGV); });
    ::usleep(1'000'000);
}};

const Scenario after_the_runtime{"a fault after run has ended", [](const Setting& s) {
    gofer::run(s.options(), [] {});
    fault();
}};

} // namespace

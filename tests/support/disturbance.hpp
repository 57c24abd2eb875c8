// Disturbance: the library's threads are slowed down and stopped at arbitrary instructions, as the system's scheduler
// does once in a blue moon. What depends on two steps following each other closely shows within seconds.
//
// A thread that is sent a signal single-steps from there on for some thousand instructions (x86-64's trap flag; each
// step is a signal of its own), and every so often one of the steps takes long enough for the others to strike.
// Elsewhere the signal itself is the pause. The handlers run on the workers' signal stacks and touch nothing of ours.
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

#include <gofer/base/sanitizer.hpp>

namespace fixture {

class Disturbance {
public:
    Disturbance() {
        if constexpr (gofer::base::tsan_build) return; // to TSan the handler's frames are shared by goroutines
        handle(SIGUSR2, [](int, siginfo_t*, void* context) { begin(context); });
        handle(SIGTRAP, [](int, siginfo_t*, void* context) { step(context); });
        thread_ = std::thread{[this] { disturb(); }};
    }
    ~Disturbance() {
        over_ = true;
        if (thread_.joinable()) thread_.join();
    }
    Disturbance(const Disturbance&) = delete;
    Disturbance& operator=(const Disturbance&) = delete;

private:
    static constexpr int steps_each = 3000;
    static constexpr unsigned pause_every = 64;
    static constexpr long pause_ns = 150'000;

    static void handle(int signal, void (*handler)(int, siginfo_t*, void*)) {
        struct sigaction action {};
        action.sa_sigaction = handler;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
        ::sigaction(signal, &action, nullptr);
    }

    static void pause() {
        timespec now{}, start{};
        ::clock_gettime(CLOCK_MONOTONIC, &start);
        do
            ::clock_gettime(CLOCK_MONOTONIC, &now);
        while ((now.tv_sec - start.tv_sec) * 1'000'000'000 + now.tv_nsec - start.tv_nsec < pause_ns);
    }

#if defined(__x86_64__)
    static constexpr greg_t trap_flag = 0x100;
    static inline thread_local int steps_left = 0;

    static greg_t& flags_of(void* context) {
        return static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL];
    }
    static void begin(void* context) {
        steps_left = steps_each;
        flags_of(context) |= trap_flag;
    }
    static void step(void* context) {
        static std::atomic<unsigned> dice{1};
        if (--steps_left <= 0) flags_of(context) &= ~trap_flag;
        const unsigned thrown = dice.fetch_add(0x9E3779B9, std::memory_order_relaxed);
        if ((thrown >> 16) % pause_every == 0) pause();
    }
#else
    static void begin(void*) { pause(); }
    static void step(void*) {}
#endif

    static std::vector<pid_t> threads_of_the_library() {
        std::vector<pid_t> threads;
        for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
            std::string name;
            std::getline(std::ifstream{task.path() / "comm"}, name);
            if (name.rfind("gofer-", 0) == 0) threads.push_back(std::atoi(task.path().filename().c_str()));
        }
        return threads;
    }

    void disturb() {
        std::minstd_rand random{1};
        while (!over_) {
            const auto threads = threads_of_the_library();
            for (int i = 0; i < 20 && !over_ && !threads.empty(); ++i) {
                ::syscall(SYS_tgkill, ::getpid(), threads[random() % threads.size()], SIGUSR2);
                std::this_thread::sleep_for(std::chrono::microseconds{random() % 5000});
            }
        }
    }

    std::atomic<bool> over_{false};
    std::thread thread_;
};

} // namespace fixture

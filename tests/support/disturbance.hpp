// Disturbance: stops the library's threads at arbitrary instructions, for a few microseconds each time, as a scheduler
// of the system does once in a blue moon. What depends on two steps following each other closely shows within seconds.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gofer/base/sanitizer.hpp>

namespace fixture {

class Disturbance {
public:
    Disturbance() {
        if constexpr (gofer::base::tsan_build) return; // to TSan the handler's frames are shared by goroutines
        struct sigaction action {};
        action.sa_handler = [](int) { pause(); };
        action.sa_flags = SA_ONSTACK | SA_RESTART;
        ::sigaction(SIGUSR2, &action, nullptr);
        thread_ = std::thread{[this] { disturb(); }};
    }
    ~Disturbance() {
        over_ = true;
        if (thread_.joinable()) thread_.join();
    }
    Disturbance(const Disturbance&) = delete;
    Disturbance& operator=(const Disturbance&) = delete;

private:
    /// In the signal handler: no two pauses alike, and most of them longer than what another thread needs to strike.
    static void pause() {
        static std::atomic<unsigned> count{0};
        const long length = 1'000 + count.fetch_add(7'919, std::memory_order_relaxed) % 150'000;
        timespec now{}, start{};
        ::clock_gettime(CLOCK_MONOTONIC, &start);
        do
            ::clock_gettime(CLOCK_MONOTONIC, &now);
        while ((now.tv_sec - start.tv_sec) * 1'000'000'000 + now.tv_nsec - start.tv_nsec < length);
    }

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
            for (int i = 0; i < 200 && !over_ && !threads.empty(); ++i) {
                ::syscall(SYS_tgkill, ::getpid(), threads[random() % threads.size()], SIGUSR2);
                std::this_thread::sleep_for(std::chrono::microseconds{random() % 100});
            }
        }
    }

    std::atomic<bool> over_{false};
    std::thread thread_;
};

} // namespace fixture

// Looks for leaked goroutines, which needs the other threads stopped: on a machine under load one may not stop in time, and
// in a container the system may not let a process stop its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <sstream>
#include <string>
#include <thread>

#include <gofer/gofer.hpp>

#include <gofer/debug/standstill.hpp>

namespace fixture {

inline constexpr int looks = 10; // all of them too late is a machine's doing no more

[[nodiscard]] inline bool could_not_look(const std::string& report) {
    return report.find("cannot look") != std::string::npos;
}

/// What find_leaked_goroutines says.
[[nodiscard]] inline std::string report_of_leaked() {
    std::ostringstream out;
    for (int i = 0; i < looks && (i == 0 || could_not_look(out.str())); ++i) {
        out.str({});
        gofer::find_leaked_goroutines(out);
    }
    return out.str();
}

/// Whether the system lets this process stop its threads.
[[nodiscard]] inline bool threads_can_be_stopped() {
    constexpr std::int64_t ten_seconds = 10'000'000'000;
    std::atomic<bool> over{false};
    std::thread other([&over] {
        while (!over) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    });
    bool can = false;
    for (int i = 0; i < looks && !can; ++i) can = gofer::debug::Standstill(ten_seconds).holds();
    over = true;
    other.join();
    return can;
}

} // namespace fixture

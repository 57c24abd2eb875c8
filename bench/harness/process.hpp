// What the kernel says about this process.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <sys/resource.h>

namespace bench {

/// Bytes resident and in page tables: VmRSS + VmPTE.
inline std::int64_t resident_bytes() {
    std::ifstream status("/proc/self/status");
    std::int64_t total = 0;
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:") || line.starts_with("VmPTE:")) {
            total += std::stoll(line.substr(line.find(':') + 1)) * 1024;
        }
    }
    return total;
}

/// Processor seconds of all threads, user and system.
inline double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

} // namespace bench

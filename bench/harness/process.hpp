// What the kernel says about this process.
#pragma once

#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <sys/resource.h>

namespace bench {

/// The sum of some entries of /proc/self/status.
inline std::int64_t status_bytes(std::initializer_list<std::string_view> names) {
    std::ifstream status("/proc/self/status");
    std::int64_t total = 0;
    for (std::string line; std::getline(status, line);) {
        for (const std::string_view name : names) {
            if (line.starts_with(name)) {
                total += std::stoll(line.substr(name.size())) * 1024;
            }
        }
    }
    return total;
}

/// Bytes resident and in page tables.
inline std::int64_t resident_bytes() { return status_bytes({"VmRSS:", "VmPTE:"}); }

/// The most that was ever resident, in MiB. Not getrusage()'s, which remembers the process that this one was forked from.
inline double peak_mib() { return static_cast<double>(status_bytes({"VmHWM:"})) / (1024 * 1024); }

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

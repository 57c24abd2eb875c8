// What the system says about this process: memory, maps, processor time and context switches.
#pragma once

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace programs {

/// The number behind a field of a /proc file such as "VmRSS:" or "MemAvailable:"; 0 when it is not there.
inline long long field_of(const std::string& file, const std::string& field) {
    std::ifstream in{file};
    for (std::string word; in >> word;) {
        if (word != field) continue;
        long long value = 0;
        in >> value;
        return value;
    }
    return 0;
}

/// Resident memory and the page tables for it, in bytes.
inline long long memory_in_use() {
    return (field_of("/proc/self/status", "VmRSS:") + field_of("/proc/self/status", "VmPTE:")) * 1024;
}

/// What the machine has left, or less, where a container is to have less.
inline long long memory_of_the_machine() {
    long long bytes = field_of("/proc/meminfo", "MemAvailable:") * 1024;
    for (const char* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        std::ifstream in{file};
        if (long long limit = 0; in >> limit) bytes = std::min(bytes, limit); // "max" is no number
    }
    return bytes;
}

inline long count_maps() {
    std::ifstream in{"/proc/self/maps"};
    long lines = 0;
    for (std::string line; std::getline(in, line);) ++lines;
    return lines;
}

/// What threads have used since they started.
struct Use {
    long long threads{0};
    long long nanoseconds{0};
    long long voluntary{0};
    long long involuntary{0};

    friend Use operator-(const Use& a, const Use& b) {
        return {a.threads, a.nanoseconds - b.nanoseconds, a.voluntary - b.voluntary, a.involuntary - b.involuntary};
    }
};

inline long long clock_ns(clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

/// Of all threads but the calling one. The time is that of ended threads too.
inline Use use_of_others() {
    Use sum;
    for (int i = 0; i < 1000; ++i) { // the system may do something of its own between the two, at our expense
        const long long own = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        sum.nanoseconds = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - own;
        if (clock_ns(CLOCK_THREAD_CPUTIME_ID) - own < 10'000) break;
    }
    for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
        const std::string directory = task.path();
        if (task.path().filename() == std::to_string(::gettid())) continue;
        sum.threads += 1;
        sum.voluntary += field_of(directory + "/status", "voluntary_ctxt_switches:");
        sum.involuntary += field_of(directory + "/status", "nonvoluntary_ctxt_switches:");
    }
    return sum;
}

} // namespace programs

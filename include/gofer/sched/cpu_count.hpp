// How many workers a runtime has by default: $GOFER_MAXPROCS, else the CPUs this process may really use, which is
// the affinity mask cut by the cgroup's quota (a container with two CPUs on a host of 64 gets two workers).
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sched.h>
#include <string>
#include <thread>

namespace gofer::inline v1::sched {

inline unsigned cpus_by_affinity() noexcept {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return static_cast<unsigned>(CPU_COUNT(&set));
    return std::max(1u, std::thread::hardware_concurrency());
}

/// Quota of one cgroup directory in CPUs, rounded up; 0: none. Version 2 (cpu.max), then version 1.
inline unsigned cgroup_quota(const std::string& directory) {
    double quota = 0, period = 0;
    bool found = false;
    if (std::FILE* file = std::fopen((directory + "/cpu.max").c_str(), "re")) {
        found = std::fscanf(file, "%lf %lf", &quota, &period) == 2;
        std::fclose(file);
    } else if (std::FILE* v1 = std::fopen((directory + "/cpu.cfs_quota_us").c_str(), "re")) {
        found = std::fscanf(v1, "%lf", &quota) == 1;
        std::fclose(v1);
        if (std::FILE* p = std::fopen((directory + "/cpu.cfs_period_us").c_str(), "re")) {
            found = found && std::fscanf(p, "%lf", &period) == 1;
            std::fclose(p);
        }
    }
    if (!found || quota <= 0 || period <= 0) return 0;
    return static_cast<unsigned>(std::max(1.0, (quota + period - 1) / period));
}

/// The smallest quota on the way from this process's cgroup to the root; 0: none.
inline unsigned cpus_by_cgroup() {
    unsigned least = 0;
    auto consider = [&least](unsigned cpus) {
        if (cpus && (!least || cpus < least)) least = cpus;
    };
    std::FILE* file = std::fopen("/proc/self/cgroup", "re");
    if (!file) return 0;
    char line[1024];
    while (std::fgets(line, sizeof line, file)) {
        std::string text(line);
        while (!text.empty() && text.back() == '\n') text.pop_back();
        const auto path_at = text.find(":/");
        if (path_at == std::string::npos) continue;
        const bool v2 = text.rfind("0::", 0) == 0;
        if (!v2 && text.find("cpu,") == std::string::npos && text.find("cpu:") == std::string::npos) continue;
        const std::string root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
        for (std::string path = text.substr(path_at + 1);; path.erase(path.rfind('/'))) {
            consider(cgroup_quota(root + path));
            if (path.find('/') == std::string::npos) break;
        }
    }
    std::fclose(file);
    return least;
}

inline unsigned default_worker_count() {
    if (const char* wish = std::getenv("GOFER_MAXPROCS")) {
        const long n = std::strtol(wish, nullptr, 10);
        if (n > 0) return static_cast<unsigned>(std::min(n, 1024L));
    }
    const unsigned by_affinity = cpus_by_affinity();
    const unsigned by_cgroup = cpus_by_cgroup();
    return by_cgroup ? std::min(by_affinity, by_cgroup) : by_affinity;
}

} // namespace gofer::inline v1::sched

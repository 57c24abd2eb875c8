// How many workers there are by default.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <string>
#include <unistd.h>

#include <gofer/sched/cpu_count.hpp>

#include "../support/catch.hpp"

using gofer::sched::cgroup_quota;
using gofer::sched::cpus_by_affinity;
using gofer::sched::default_worker_count;

namespace {

/// A directory that looks like a cgroup's.
class CgroupDirectory {
public:
    CgroupDirectory() { std::filesystem::create_directory(path_); }
    ~CgroupDirectory() { std::filesystem::remove_all(path_); }
    CgroupDirectory(const CgroupDirectory&) = delete;
    CgroupDirectory& operator=(const CgroupDirectory&) = delete;

    void write(const std::string& file, const std::string& text) const { std::ofstream{path_ / file} << text; }
    std::string path() const { return path_; }

private:
    std::filesystem::path path_{std::filesystem::temp_directory_path() /
                                ("gofer_cgroup_" + std::to_string(::getpid()))};
};

} // namespace

TEST_CASE("GOFER_MAXPROCS decides") {
    ::setenv("GOFER_MAXPROCS", "5", 1);
    CHECK(default_worker_count() == 5);
    ::unsetenv("GOFER_MAXPROCS");
}

TEST_CASE("a GOFER_MAXPROCS that is no positive number is ignored") {
    ::unsetenv("GOFER_MAXPROCS");
    const unsigned without = default_worker_count();
    for (const char* nonsense : {"", "0", "-3", "many"}) {
        ::setenv("GOFER_MAXPROCS", nonsense, 1);
        CHECK(default_worker_count() == without);
    }
    ::unsetenv("GOFER_MAXPROCS");
}

TEST_CASE("a process that may use one CPU gets one worker") {
    cpu_set_t before, one;
    REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
    CHECK(cpus_by_affinity() == static_cast<unsigned>(CPU_COUNT(&before)));
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu)
        if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
    REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(cpus_by_affinity() == 1);
    CHECK(default_worker_count() == 1);
    REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
}

TEST_CASE("a quota of cgroup version 2 is rounded up to whole CPUs") {
    const CgroupDirectory cgroup;
    cgroup.write("cpu.max", "200000 100000\n");
    CHECK(cgroup_quota(cgroup.path()) == 2);
    cgroup.write("cpu.max", "150000 100000\n");
    CHECK(cgroup_quota(cgroup.path()) == 2);
    cgroup.write("cpu.max", "1000 100000\n");
    CHECK(cgroup_quota(cgroup.path()) == 1);
}

TEST_CASE("a cgroup of version 2 without a limit has no quota") {
    const CgroupDirectory cgroup;
    cgroup.write("cpu.max", "max 100000\n");
    CHECK(cgroup_quota(cgroup.path()) == 0);
}

TEST_CASE("a quota of cgroup version 1") {
    const CgroupDirectory cgroup;
    cgroup.write("cpu.cfs_quota_us", "300000\n");
    cgroup.write("cpu.cfs_period_us", "100000\n");
    CHECK(cgroup_quota(cgroup.path()) == 3);
    cgroup.write("cpu.cfs_quota_us", "-1\n");
    CHECK(cgroup_quota(cgroup.path()) == 0);
}

TEST_CASE("a directory that is no cgroup has no quota") {
    CHECK(cgroup_quota("/nonexistent") == 0);
}

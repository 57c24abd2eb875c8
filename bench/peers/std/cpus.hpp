// Limits this process to the first few of the CPUs it may use: what a number of workers is to plain threads.
#pragma once

#include <sched.h>

namespace bench {

class UseCpus {
public:
    explicit UseCpus(unsigned count) {
        CPU_ZERO(&before_);
        sched_getaffinity(0, sizeof before_, &before_);
        cpu_set_t few;
        CPU_ZERO(&few);
        for (unsigned cpu = 0; cpu < CPU_SETSIZE && count > 0; ++cpu) {
            if (CPU_ISSET(cpu, &before_)) {
                CPU_SET(cpu, &few);
                --count;
            }
        }
        sched_setaffinity(0, sizeof few, &few);
    }

    ~UseCpus() { sched_setaffinity(0, sizeof before_, &before_); }

    UseCpus(const UseCpus&) = delete;
    UseCpus& operator=(const UseCpus&) = delete;

private:
    cpu_set_t before_;
};

} // namespace bench

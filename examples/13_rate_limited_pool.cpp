// A rate-limited worker pool: each job has a weight, and a semaphore lets only so much of it run at a time. A
// heavy job takes more, and is not overtaken for ever by light ones.
//
// In Go (golang.org/x/sync/semaphore):
//     pool := semaphore.NewWeighted(4)
//     for _, job := range jobs {
//         pool.Acquire(ctx, job.weight)
//         go func() {
//             defer pool.Release(job.weight)
//             run(job)
//         }()
//     }
//     pool.Acquire(ctx, 4) // waits for all
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <gofer/gofer.hpp>

using namespace std::chrono_literals;

constexpr int capacity = 4;

struct Job {
    std::string name;
    int weight;
};

std::atomic<int> load{0};
std::atomic<bool> exceeded{false};

void run(const Job& job) {
    if ((load += job.weight) > capacity) {
        exceeded = true;
    }
    gofer::sleep_for(5ms * job.weight);
    std::printf("%s done\n", job.name.c_str());
    load -= job.weight;
}

int main() {
    const std::vector<Job> jobs{{"index", 4},  {"images", 2}, {"mail", 1}, {"search", 3}, {"backup", 4},
                                {"report", 2}, {"sync", 1},   {"log", 1},  {"export", 3}, {"ping", 1}};
    gofer::Semaphore pool(capacity);

    for (const Job& job : jobs) {
        pool.acquire(job.weight); // waits here, so no more goroutines than run are started
        gofer::go([&pool, &job] {
            gofer::Defer leave{[&] { pool.release(job.weight); }};
            run(job);
        });
    }
    pool.acquire(capacity); // all of it is free again: all have ended

    std::printf("the load was %s more than %d\n", exceeded ? "sometimes" : "never", capacity);
}

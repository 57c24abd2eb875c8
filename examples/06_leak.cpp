// A leaked goroutine: the printer waits for a job that can never come, since nobody closes the channel.
// Go keeps silent about it; `gofer::run` names the printer on stderr when it ends. The cure is in
// 07_leak_mended.cpp.
//
// In Go:
//     jobs := make(chan int)
//     go func() {
//         for job := range jobs { fmt.Println("job", job) }
//     }()
//     for job := 1; job <= 3; job++ { jobs <- job }
#include <cstdio>

#include <gofer/gofer.hpp>

void print_jobs(gofer::Receiver<int> jobs) {
    for (const int job : jobs) {
        std::printf("job %d\n", job);
    }
}

int main() {
    gofer::run([] {
        gofer::Channel<int> jobs;
        gofer::go({.name = "printer"}, [jobs] { print_jobs(jobs); });

        for (int job = 1; job <= 3; ++job) {
            jobs.send(job);
        }
    });
}

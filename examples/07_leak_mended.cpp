// The leak of 06_leak.cpp, mended: closing the channel ends the printer's loop, and the wait group waits
// for that end.
//
// In Go, after the last job is sent:
//     close(jobs)
//     printer.Wait()
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
        gofer::WaitGroup printer;
        printer.go({.name = "printer"}, [jobs] { print_jobs(jobs); });

        for (int job = 1; job <= 3; ++job) {
            jobs.send(job);
        }
        jobs.close();
        printer.wait();
    });
}

// A worker pool: three workers share one channel of jobs and send what they find to one channel of results.
//
// In Go:
//     for range 3 {
//         workers.Go(func() {
//             for n := range jobs { results <- Square{n, n * n} }
//         })
//     }
//     go func() { workers.Wait(); close(results) }()
//     for r := range results { fmt.Println(r.n, "squared is", r.square) }
#include <cstdio>

#include <gofer/gofer.hpp>

struct Square {
    int number;
    int square;
};

void send_jobs(gofer::Sender<int> jobs) {
    for (int number = 1; number <= 9; ++number) {
        jobs.send(number);
    }
    jobs.close();
}

void run_workers(gofer::Receiver<int> jobs, gofer::Sender<Square> results) {
    gofer::WaitGroup workers;
    for (int i = 0; i < 3; ++i) {
        workers.go([jobs, results] {
            for (const int number : jobs) {
                results.send({number, number * number});
            }
        });
    }
    workers.wait();
    results.close();
}

int main() {
    gofer::Channel<int> jobs;
    gofer::Channel<Square> results;
    gofer::go(send_jobs, jobs);
    gofer::go(run_workers, jobs, results);

    for (const Square result : results) {
        std::printf("%d squared is %d\n", result.number, result.square);
    }
}

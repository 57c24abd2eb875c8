// Five workers, and main waits for them all: the wait group is global, and each worker signs off by a
// deferred done.
//
// In Go:
//     var wg sync.WaitGroup
//
//     func worker(id int) {
//         defer wg.Done()
//         ... // start, sleep for a second, finish
//     }
//
//     func main() {
//         for id := 1; id <= 5; id++ { wg.Add(1); go worker(id) }
//         wg.Wait()
//     }
#include <chrono>
#include <cstdio>

#include <gofer/gofer.hpp>

using namespace std::chrono_literals;

gofer::WaitGroup wg;

void worker(int id) {
    gofer::Defer sign_off{[] { wg.done(); }};

    std::printf("Worker %d starting\n", id);
    gofer::sleep_for(1s);
    std::printf("Worker %d done\n", id);
}

int main() {
    for (int id = 1; id <= 5; ++id) {
        wg.add();
        gofer::go(worker, id);
    }
    wg.wait();
}

// Limiting how many run: a buffered channel is a semaphore. A task puts a token in before it works and
// takes one out after; when the buffer is full, the next task waits.
//
// In Go:
//     slots := make(chan struct{}, 3)
//     ...
//     slots <- struct{}{}
//     defer func() { <-slots }()
#include <atomic>
#include <chrono>
#include <cstdio>

#include <gofer/gofer.hpp>

using namespace std::chrono_literals;

constexpr int tasks = 10;
constexpr int limit = 3;

std::atomic<int> running{0};
std::atomic<bool> exceeded{false};

void work() {
    if (++running > limit) {
        exceeded = true;
    }
    gofer::sleep_for(10ms);
    --running;
}

int main() {
    gofer::Channel<gofer::Unit> slots(limit);
    gofer::WaitGroup finished;

    for (int task = 0; task < tasks; ++task) {
        finished.go([slots] {
            slots.send({});
            gofer::Defer leave{[&slots] { slots.receive(); }};
            work();
        });
    }
    finished.wait();

    std::printf("%d tasks, %s more than %d at once\n", tasks, exceeded ? "sometimes" : "never", limit);
}

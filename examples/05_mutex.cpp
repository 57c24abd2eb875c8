// A mutex around a counter: a thousand goroutines add one each, and none of the additions is lost.
//
// In Go:
//     type Counter struct { mu sync.Mutex; value int }
//
//     func (c *Counter) Add() {
//         c.mu.Lock()
//         defer c.mu.Unlock()
//         c.value++
//     }
#include <cstdio>
#include <mutex>

#include <gofer/gofer.hpp>

class Counter {
public:
    void add() {
        const std::lock_guard lock(mutex_);
        ++value_;
    }

    int value() {
        const std::lock_guard lock(mutex_);
        return value_;
    }

private:
    gofer::Mutex mutex_;
    int value_ = 0;
};

int main() {
    Counter counter;
    gofer::WaitGroup adders;

    // By reference is safe here: main waits for every adder before the counter goes out of scope.
    for (int i = 0; i < 1000; ++i) {
        adders.go([&counter] { counter.add(); });
    }
    adders.wait();

    std::printf("%d\n", counter.value());
}

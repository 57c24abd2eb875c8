// Each has one Mutex and wants the other.
#include <gofer/gofer.hpp>

#include <mutex>

int main() {
    gofer::run({.workers = 1}, [] {
        gofer::Mutex a, b;
        gofer::Barrier both(2);
        gofer::WaitGroup all;
        all.go({.name = "a then b"}, [&] {
            const std::lock_guard first{a};
            both.arrive_and_wait();
            const std::lock_guard second{b};
        });
        all.go({.name = "b then a"}, [&] {
            const std::lock_guard first{b};
            both.arrive_and_wait();
            const std::lock_guard second{a};
        });
        all.wait();
    });
    return 0;
}

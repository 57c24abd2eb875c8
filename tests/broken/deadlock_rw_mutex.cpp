// Locks in a ring: one writes and wants the Mutex, one has that and wants to read.
#include <gofer/gofer.hpp>

#include <mutex>
#include <shared_mutex>

int main() {
    gofer::run({.workers = 1}, [] {
        gofer::RWMutex table;
        gofer::Mutex journal;
        gofer::Barrier both(2);
        gofer::WaitGroup all;
        all.go({.name = "writer"}, [&] {
            const std::lock_guard first{table};
            both.arrive_and_wait();
            const std::lock_guard second{journal};
        });
        all.go({.name = "reader"}, [&] {
            const std::lock_guard first{journal};
            both.arrive_and_wait();
            const std::shared_lock second{table};
        });
        all.wait();
    });
    return 0;
}

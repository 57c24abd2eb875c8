// One unlock too many.
#include <gofer/gofer.hpp>

#include <mutex>

int main() {
    gofer::run({.workers = 1}, [] {
        gofer::WaitGroup all;
        all.go({.name = "unlocker"}, [] {
            gofer::Mutex m;
            const std::lock_guard lock{m};
            m.unlock();
        });
        all.wait();
    });
    return 0;
}

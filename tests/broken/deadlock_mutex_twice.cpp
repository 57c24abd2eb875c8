// A Mutex is not recursive.
#include <gofer/gofer.hpp>

#include <mutex>

namespace {

gofer::Mutex registry;

int size() {
    const std::lock_guard lock{registry};
    return 0;
}

void print() {
    const std::lock_guard lock{registry};
    std::printf("%d\n", size());
}

} // namespace

int main() {
    gofer::run({.workers = 1}, [] {
        gofer::WaitGroup all;
        all.go({.name = "printer"}, print);
        all.wait();
    });
    return 0;
}

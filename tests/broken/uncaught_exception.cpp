// Nobody catches what the goroutine throws.
#include <gofer/gofer.hpp>

#include <stdexcept>

int main() {
    gofer::run({.workers = 1}, [] {
        gofer::WaitGroup all;
        all.go({.name = "thrower"}, [] { throw std::runtime_error("no such file: config.json"); });
        all.wait();
    });
    return 0;
}

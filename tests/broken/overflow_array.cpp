// A local array larger than the stack.
#include <gofer/gofer.hpp>

namespace {

[[gnu::noinline]] int sum_of_zeros(int n) {
    volatile int numbers[1 << 20] = {};
    return numbers[n];
}

} // namespace

int main() {
    gofer::run({.workers = 1}, [] {
        gofer::WaitGroup all;
        all.go({.name = "hoarder"}, [] { std::printf("%d\n", sum_of_zeros(1)); });
        all.wait();
    });
    return 0;
}

// The row fib with a task group a call.
#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

int fib(int n) {
    if (n < 2) {
        return n;
    }
    if (n == 12) {
        bench::hands.show();
    }
    int left = 0;
    tbb::task_group joined;
    joined.run([&left, n] { left = fib(n - 1); });
    const int right = fib(n - 2);
    joined.wait();
    return left + right;
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.shared_row("fib", 635'621, [] { bench::check("fib(27)", fib(27), 196'418); });
    return program.run();
}

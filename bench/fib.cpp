// What does fork and join cost? Every call of fib starts a goroutine for one half, computes the other
// itself, and joins by a wait group on its own stack. The time is that of a call, of which half start a
// goroutine.
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
    world::WaitGroup joined;
    joined.add(1);
    world::go([&left, &joined, n] {
        left = fib(n - 1);
        joined.done();
    });
    const int right = fib(n - 2);
    joined.wait();
    return left + right;
}

constexpr int plain(int n) { return n < 2 ? n : plain(n - 1) + plain(n - 2); }

} // namespace

int main(int argc, char** argv) {
    constexpr int n = world::sizes.fib_of;
    const int expected = plain(n);
    const int calls = 2 * plain(n + 1) - 1;
    bench::Program program(argc, argv);
    program.shared_row("fib", calls, [expected] { bench::check("fib", fib(n), expected); });
    return program.run();
}

// Goroutines for gdb to find: parked ones in functions of known names, and one that runs when the program stops.
#include <cstdio>
#include <cstdlib>
#include <gofer/gofer.hpp>

namespace {

[[gnu::noinline]] void wait_for_message(gofer::Channel<int> c, int depth) {
    if (depth > 0) return wait_for_message(c, depth - 1);
    volatile int answer = 42;
    c.receive();
    std::printf("%d\n", answer);
}

[[gnu::noinline]] void wait_for_lock(gofer::Mutex& m) {
    m.lock();
    std::puts("locked");
    m.unlock();
}

[[gnu::noinline]] void stop_here(bool aborts) {
    asm volatile("" ::: "memory");
    if (aborts) std::abort();
    std::puts("stopped");
}

/// Those that are parked and have left their stacks: before, gdb finds the frames of the last time that they did.
int count_at_rest() {
    int n = 0;
    gofer::task::stack_pools().for_each([&n](const gofer::task::Goroutine& g) {
        n += g.state.load() == gofer::task::State::parked && !g.running.load();
    });
    return n;
}

} // namespace

// PROGRAM [abort]
int main(int argc, char**) {
    const bool aborts = argc > 1;
    gofer::RuntimeOptions options;
    options.workers = 2;
    gofer::run(options, [aborts] {
        gofer::Channel<int> c;
        gofer::Mutex m;
        gofer::WaitGroup wg;
        m.lock();
        wg.go({.name = "receiver"}, [c] { wait_for_message(c, 3); });
        wg.go({.name = "locker", .stack_size = 1 << 20}, [&m] { wait_for_lock(m); });
        wg.go(wait_for_message, c, 0);
        while (count_at_rest() < 3) gofer::yield();
        stop_here(aborts);
        m.unlock();
        c.send(1);
        c.send(2);
        wg.wait();
    });
    std::puts("done");
}

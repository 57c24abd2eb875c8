// A WaitGroup handed to a goroutine by value would be a copy that nobody waits for.
// must say: std::ref
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <functional>

#include <gofer/gofer.hpp>

void worker(gofer::WaitGroup& wg) { wg.done(); }

int main() {
    gofer::WaitGroup wg;
    wg.add();
#ifdef GOFER_TEST_MENDED
    gofer::go(worker, std::ref(wg));
#else
    gofer::go(worker, wg);
#endif
    wg.wait();
}

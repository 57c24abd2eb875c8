// A Mutex handed to a goroutine by value would guard nothing.
// must say: std::ref
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <functional>

#include <gofer/gofer.hpp>

void worker(gofer::Mutex& mutex) { mutex.unlock(); }

int main() {
    gofer::Mutex mutex;
    mutex.lock();
#ifdef GOFER_TEST_MENDED
    gofer::go(worker, std::ref(mutex));
#else
    gofer::go(worker, mutex);
#endif
    mutex.lock();
}

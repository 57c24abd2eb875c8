// The context in a temporary WithCancel ends with it: whoever keeps only that keeps what has ended.
// must say: deleted
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <chrono>

#include <gofer/gofer.hpp>

int main() {
#ifdef GOFER_TEST_MENDED
    const auto made = gofer::with_timeout(gofer::Context::background(), std::chrono::seconds{1});
    const gofer::Context ctx = made.ctx;
#else
    const gofer::Context ctx = gofer::with_timeout(gofer::Context::background(), std::chrono::seconds{1}).ctx;
#endif
    return ctx.cancelled();
}

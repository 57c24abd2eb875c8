// A channel whose values say nothing carries gofer::Unit; void, references and const values have no place in a buffer.
// must say: Channel<gofer::Unit>
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <gofer/gofer.hpp>

int main() {
#ifdef GOFER_TEST_MENDED
    const gofer::Channel<gofer::Unit> c;
#else
    const gofer::Channel<void> c;
#endif
    c.close();
}

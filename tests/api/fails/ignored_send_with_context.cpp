// Whether a send came before the end of its context must not go unseen.
// must say: nodiscard
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <gofer/gofer.hpp>

int main() {
    const gofer::Channel<int> c(1);
#ifdef GOFER_TEST_MENDED
    return c.send(1, gofer::Context()) ? 0 : 1;
#else
    c.send(1, gofer::Context());
#endif
}

// A case that is kept by name may outlive what it refers to; only a SelectCase owns its parts.
// must say: select
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <gofer/gofer.hpp>

int main() {
    const gofer::Channel<int> c(1);
#ifdef GOFER_TEST_MENDED
    gofer::select(gofer::send(c, 1));
#else
    auto kept = gofer::send(c, 1);
    gofer::select(kept);
#endif
}

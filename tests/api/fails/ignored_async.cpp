// To drop the Future of async at once is a slip: go says it without one. Compile with -Werror.
// must say: nodiscard
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <gofer/gofer.hpp>

int main() {
#ifdef GOFER_TEST_MENDED
    gofer::async([] { return 1; }).get();
#else
    gofer::async([] { return 1; });
#endif
}

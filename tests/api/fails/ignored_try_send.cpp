// To ignore whether try_send sent is a slip. Compile with -Werror.
// must say: nodiscard
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <gofer/gofer.hpp>

int main() {
    const gofer::Channel<int> c(1);
#ifdef GOFER_TEST_MENDED
    static_cast<void>(c.try_send(1));
#else
    c.try_send(1);
#endif
}

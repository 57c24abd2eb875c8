// To ignore whether a lock came before its context ended is a slip. Compile with -Werror.
// must say: nodiscard
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <gofer/gofer.hpp>

struct NeverEnds {
    friend gofer::wait::Interrupt* interrupt_of(const NeverEnds&) noexcept { return nullptr; }
};

int main() {
    gofer::Mutex mutex;
#ifdef GOFER_TEST_MENDED
    if (mutex.lock(NeverEnds{})) mutex.unlock();
#else
    mutex.lock(NeverEnds{});
    mutex.unlock();
#endif
}

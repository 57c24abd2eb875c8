// A Future is got once, so it has one holder.
// must say: Future
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <utility>

#include <gofer/gofer.hpp>

int main() {
    auto first = gofer::async([] { return 1; });
#ifdef GOFER_TEST_MENDED
    auto second = std::move(first);
#else
    auto second = first;
#endif
    return second.get() - 1;
}

// What once_value gives is for every call, so nobody may move it away.
// must say: have it return the value itself
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <utility>

#include <gofer/gofer.hpp>

int main() {
    int n = 1;
#ifdef GOFER_TEST_MENDED
    const auto value = gofer::once_value([&]() -> int& { return n; });
#else
    const auto value = gofer::once_value([&]() -> int&& { return std::move(n); });
#endif
    return value();
}

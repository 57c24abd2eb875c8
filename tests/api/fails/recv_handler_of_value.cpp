// A receive handler that takes the bare value could not be told that the channel is closed.
// must say: std::optional
// With GOFER_TEST_MENDED it must compile, so that nothing else is wrong with it.
#include <optional>

#include <gofer/gofer.hpp>

int main() {
    const gofer::Channel<int> c(1);
    c.send(1);
    int got = 0;
#ifdef GOFER_TEST_MENDED
    gofer::select(gofer::recv(c, [&](std::optional<int> v) { got = *v; }));
#else
    gofer::select(gofer::recv(c, [&](int& v) { got = v; }));
#endif
    return got - 1;
}

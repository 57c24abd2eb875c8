// The channel that the writer sends on was never made.
#include <gofer/gofer.hpp>

int main() {
    gofer::run([] {
        gofer::Channel<int> c(nullptr);
        gofer::go({.name = "writer"}, [c] { c.send(1); });
        for (int v : c) std::printf("%d\n", v);
    });
    return 0;
}

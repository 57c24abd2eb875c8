// Nobody closes the channel, so the receiver never ends. The grace is for a slow machine.
#include <gofer/gofer.hpp>

int main() {
    gofer::run({.shutdown_grace = std::chrono::seconds{10}}, [] {
        const gofer::Channel<int> lines;
        gofer::go({.name = "printer"}, [lines] {
            for (int v : lines) std::printf("%d\n", v);
        });
        lines.send(1);
        lines.send(2);
    });
    return 0;
}

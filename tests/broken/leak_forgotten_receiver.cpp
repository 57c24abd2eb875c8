// Nobody closes the channel, so the receiver never ends.
#include <gofer/gofer.hpp>

int main() {
    gofer::run([] {
        const gofer::Channel<int> lines;
        gofer::go({.name = "printer"}, [lines] {
            for (int v : lines) std::printf("%d\n", v);
        });
        lines.send(1);
        lines.send(2);
    });
    return 0;
}

// Both wait to receive, and nobody sends.
#include <gofer/gofer.hpp>

int main() {
    gofer::run([] {
        const gofer::Channel<int> c;
        gofer::go({.name = "reader"}, [c] { c.receive(); });
        c.receive();
    });
    return 0;
}

// Only the first answer is wanted, and the others wait for ever to give theirs. The grace is for a slow machine.
#include <gofer/gofer.hpp>

int main() {
    gofer::run({.shutdown_grace = std::chrono::seconds{10}}, [] {
        const gofer::Channel<int> answers;
        for (int i = 0; i < 3; ++i) gofer::go({.name = "asker"}, [i, answers] { answers.send(i); });
        answers.receive();
    });
    return 0;
}

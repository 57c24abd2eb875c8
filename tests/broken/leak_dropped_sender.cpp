// Only the first answer is wanted, and the others wait for ever to give theirs.
#include <gofer/gofer.hpp>

int main() {
    gofer::run([] {
        const gofer::Channel<int> answers;
        for (int i = 0; i < 3; ++i) gofer::go({.name = "asker"}, [i, answers] { answers.send(i); });
        answers.receive();
    });
    return 0;
}

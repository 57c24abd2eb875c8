// Select with a timeout: take the answer if it comes in time, go on without it if not.
//
// In Go:
//     select {
//     case answer := <-answers:
//         fmt.Println(answer)
//     case <-time.After(patience):
//         fmt.Println("no answer in time")
//     }
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include <gofer/gofer.hpp>

using namespace std::chrono_literals;

gofer::Receiver<std::string> ask(const char* whom, std::chrono::milliseconds delay) {
    // Room for the answer: one that comes too late is left there, and its sender is not left waiting.
    gofer::Channel<std::string> answers(1);
    gofer::go([=] {
        gofer::sleep_for(delay);
        answers.send(std::string(whom) + " answers");
    });
    return answers;
}

void print_answer(gofer::Receiver<std::string> answers, std::chrono::milliseconds patience) {
    gofer::select(
        gofer::recv(answers, [](std::optional<std::string> answer) { std::puts(answer.value().c_str()); }),
        gofer::timeout(patience, [] { std::puts("no answer in time"); }));
}

int main() {
    print_answer(ask("the quick one", 5ms), 10s);
    print_answer(ask("the slow one", 10s), 50ms);
}

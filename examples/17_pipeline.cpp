// A pipeline whose reader leaves early: every stage stops when the context ends, closes what it writes to, and no
// goroutine is left behind.
//
// In Go, in each stage:
//     for n := range in {
//         select {
//         case out <- n * n:
//         case <-ctx.Done(): return
//         }
//     }
#include <cstdio>

#include <gofer/gofer.hpp>

gofer::Receiver<int> count(gofer::Context ctx, gofer::WaitGroup& stages) {
    gofer::Channel<int> numbers;
    stages.go([=] {
        const gofer::Defer closing{[&] { numbers.close(); }};
        int number = 1;
        while (numbers.send(number, ctx)) ++number;
    });
    return numbers;
}

gofer::Receiver<int> square(gofer::Context ctx, gofer::Receiver<int> numbers, gofer::WaitGroup& stages) {
    gofer::Channel<int> squares;
    stages.go([=] {
        const gofer::Defer closing{[&] { squares.close(); }};
        for (const int number : numbers) {
            if (!squares.send(number * number, ctx)) return;
        }
    });
    return squares;
}

int main() {
    gofer::run([] {
        gofer::WaitGroup stages;
        auto [ctx, cancel] = gofer::with_cancel(gofer::Context::background());
        const gofer::Receiver<int> squares = square(ctx, count(ctx, stages), stages);
        for (const int number : squares) {
            std::printf("%d\n", number);
            if (number > 50) break;
        }

        cancel(); // nobody reads on
        stages.wait();
        std::puts("all stages have ended");
    });
}

// What compilers put into functions of their own accord (canaries, counters, calls of a tracer) must not stand in the way of a
// switch, which some functions enter with registers that nothing may touch (fiber/jump.hpp).
#include <cstdio>

#include <gofer/gofer.hpp>

int main() {
    long sum = 0;
    gofer::run([&sum] {
        const gofer::Channel<int> there, back;
        gofer::WaitGroup all;
        for (int g = 0; g < 10; ++g)
            all.go([=] {
                for (const int one : there) {
                    gofer::yield();
                    back.send(one);
                }
            });
        all.go([=] {
            for (int i = 0; i < 1000; ++i) there.send(i);
            there.close();
        });
        for (int i = 0; i < 1000; ++i) sum += back.receive().value();
        all.wait();
    });
    if (sum == 499'500) return 0;
    std::fprintf(stderr, "wrong: the sum is %ld\n", sum);
    return 1;
}

// One of three forgets to call done().
#include <gofer/gofer.hpp>

int main() {
    gofer::run([] {
        gofer::WaitGroup all;
        all.add(3);
        for (int i = 0; i < 3; ++i)
            gofer::go({.name = "worker"}, [i, &all] {
                if (i != 1) all.done();
            });
        all.wait();
    });
    return 0;
}

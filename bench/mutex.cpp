// What does a lock and unlock cost when eight goroutines count under one mutex?
#include <mutex>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

constexpr int goroutines = 8;

void count_together() {
    world::Mutex mutex;
    world::WaitGroup ended;
    int counter = 0;
    ended.add(goroutines);
    for (int g = 0; g < goroutines; ++g) {
        world::go([&] {
            for (int i = 0; i < world::sizes.locks_each; ++i) {
                const std::lock_guard lock(mutex);
                ++counter;
            }
            ended.done();
        });
    }
    ended.wait();
    bench::check("the counter", counter, goroutines * world::sizes.locks_each);
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.row("mutex", goroutines * world::sizes.locks_each, count_together);
    return program.run();
}

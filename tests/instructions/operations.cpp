// Does one operation of the engine over and over, on one worker, for count.sh to count its instructions:
//
//   program_instructions NAME TIMES
//
// Without arguments it lists the names. Each operation checks that it did what it should.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>

#include <gofer/gofer.hpp>

namespace {

void check(bool right, const char* what) {
    if (right) return;
    std::fprintf(stderr, "wrong: %s\n", what);
    std::_Exit(1); // no destructors: goroutines may still be running
}

constexpr int batch = 100; // goroutines alive at a time: their records are used again

void spawn_join(int times) {
    int ran = 0;
    for (int left = times; left > 0; left -= batch) {
        gofer::WaitGroup joined;
        joined.add(batch);
        for (int i = 0; i < batch; ++i)
            gofer::go([&] {
                ++ran;
                joined.done();
            });
        joined.wait();
    }
    check(ran == times, "the number of goroutines that ran");
}

/// A goroutine and its join, one at a time: half of what a call of the bench fib does.
void fork_join(int times) {
    int ran = 0;
    for (int i = 0; i < times; ++i) {
        gofer::WaitGroup joined;
        joined.add(1);
        gofer::go([&] {
            ++ran;
            joined.done();
        });
        joined.wait();
    }
    check(ran == times, "the number of goroutines that ran");
}

void yield(int times) {
    int turns[2] = {};
    gofer::WaitGroup ended;
    ended.add(2);
    for (int& mine : turns)
        gofer::go([&, times] {
            for (; mine < times / 2; ++mine) gofer::yield();
            ended.done();
        });
    ended.wait();
    check(turns[0] + turns[1] == times, "the number of turns");
}

void through(const gofer::Channel<int>& channel, int times) {
    gofer::go([channel, times] {
        for (int i = 0; i < times; ++i) channel.send(1);
        channel.close();
    });
    int sum = 0;
    for (const int one : channel) sum += one;
    check(sum == times, "the sum of the elements");
}

void buffered(int times) { through(gofer::Channel<int>(128), times); }
void unbuffered(int times) { through(gofer::Channel<int>(), times); }

void ping_pong(int times) {
    const gofer::Channel<int> there;
    const gofer::Channel<int> back;
    gofer::go([there, back] {
        for (const int ball : there) back.send(ball + 1);
    });
    int ball = 0;
    for (int i = 0; i < times; ++i) {
        there.send(ball);
        ball = back.receive().value();
    }
    there.close();
    check(ball == times, "the ball's count");
}

void select_2(int times) {
    const gofer::Channel<int> a;
    const gofer::Channel<int> b;
    gofer::go([a, b, times] {
        for (int i = 0; i < times; ++i) (i % 2 ? a : b).send(1);
    });
    int sum = 0;
    const auto add = [&](std::optional<int> v) { sum += *v; };
    for (int i = 0; i < times; ++i)
        gofer::select(gofer::recv(a, add), gofer::recv(b, add));
    check(sum == times, "the sum of the messages");
}

void mutex(int times) {
    gofer::Mutex mutex;
    int counter = 0;
    for (int i = 0; i < times; ++i) {
        const std::lock_guard lock(mutex);
        ++counter;
    }
    check(counter == times, "the counter");
}

/// Whoever holds it lets the other one run, which finds it locked and parks: every lock() waits.
void mutex_contended(int times) {
    gofer::Mutex mutex;
    gofer::WaitGroup ended;
    int counter = 0;
    ended.add(2);
    for (int g = 0; g < 2; ++g)
        gofer::go([&, times] {
            for (int i = 0; i < times / 2; ++i) {
                const std::lock_guard lock(mutex);
                gofer::yield();
                ++counter;
            }
            ended.done();
        });
    ended.wait();
    check(counter == times, "the counter");
}

struct Operation {
    const char* name;
    void (*run)(int times);
};

constexpr Operation operations[] = {
    {"spawn_join", spawn_join}, {"fork_join", fork_join}, {"yield", yield},
    {"buffered", buffered},     {"unbuffered", unbuffered}, {"ping_pong", ping_pong},
    {"select_2", select_2},     {"mutex", mutex},         {"mutex_contended", mutex_contended},
};

} // namespace

int main(int argc, char** argv) {
    const int times = argc == 3 ? std::atoi(argv[2]) : 0;
    for (const Operation& operation : operations) {
        if (argc != 3) {
            std::puts(operation.name);
        } else if (std::strcmp(argv[1], operation.name) == 0 && times > 0 && times % batch == 0) {
            gofer::run({.workers = 1}, [&] { operation.run(times); });
            return 0;
        }
    }
    return argc == 1 ? 0 : 2;
}

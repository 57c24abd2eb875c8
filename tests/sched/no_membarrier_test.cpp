// Where the kernel has no membarrier every light side of the engine needs a fence of its own, and finds that out by a bit
// that it reads anyway (base/asymmetric_lock.hpp, sched/idle.hpp), or goes without (sched/biased_lock.hpp).
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/seccomp.hpp"

namespace {

constexpr const char* no_filter_here = "this system lets nobody refuse system calls";

/// Runs `body` in a process without membarrier, on so many workers, and expects it to come to its end.
template <class Body>
void comes_to_an_end_without(unsigned workers, Body body) {
    const auto death = fixture::death_of([&] {
        if (!fixture::refuse_barriers()) {
            std::fputs(no_filter_here, stderr);
            std::_Exit(0);
        }
        gofer::RuntimeOptions options;
        options.workers = workers;
        options.shutdown_grace = std::chrono::seconds{60};
        gofer::run(options, body);
    });
    if (death.says(no_filter_here)) return;
    INFO(death.message);
    CHECK(death.signal == 0);
    CHECK(death.message.empty());
}

void must_be_equal(long seen, long expected) {
    if (seen == expected) return;
    std::fprintf(stderr, "%ld instead of %ld", seen, expected);
    std::_Exit(0);
}

/// Pairs that talk by channels, a crowd that adds under a lock and yields, and a thread that starts goroutines.
void much_of_everything() {
    constexpr int pairs = 8, rounds = 2000;
    gofer::Mutex mutex;
    long sum = 0, answered = 0, from_outside = 0;
    const auto add = [&mutex](long& to, long what) {
        mutex.lock();
        to += what;
        mutex.unlock();
    };
    gofer::WaitGroup all;
    for (int p = 0; p < pairs; ++p) {
        const gofer::Channel<int> there(p % 2 ? 3 : 0), back;
        all.go([=] {
            for (const int one : there) back.send(one + 1);
        });
        all.go([=, &answered, &add] {
            for (int i = 0; i < rounds; ++i) {
                there.send(i);
                add(answered, back.receive().value() - i);
            }
            there.close();
        });
        all.go([&] {
            for (int i = 0; i < rounds; ++i) {
                add(sum, 1);
                gofer::yield();
            }
        });
    }
    gofer::Runtime& here = gofer::Runtime::current();
    all.add(rounds);
    std::thread outside([&] {
        for (int i = 0; i < rounds; ++i)
            here.go([&] {
                add(from_outside, 1);
                all.done();
            });
    });
    gofer::blocking([&] { outside.join(); });
    all.wait();
    must_be_equal(sum, long{pairs} * rounds);
    must_be_equal(answered, long{pairs} * rounds);
    must_be_equal(from_outside, rounds);
}

} // namespace

TEST_CASE("without membarrier all that there is to do is done by one worker") {
    comes_to_an_end_without(1, much_of_everything);
}

TEST_CASE("without membarrier all that there is to do is done by two workers") {
    comes_to_an_end_without(2, much_of_everything);
}

TEST_CASE("without membarrier all that there is to do is done by more workers than there are processors") {
    comes_to_an_end_without(8, much_of_everything);
}

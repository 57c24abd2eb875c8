// What keeps a Mutex fair: one that has waited for over 1 ms and tries in vain gets it next, whoever comes meanwhile.
// One worker, so that it is all but certain who comes when.
#include <chrono>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

void compute(std::chrono::nanoseconds d) {
    for (const auto end = gofer::Clock::now() + d; gofer::Clock::now() < end;) {
    }
}

/// Takes the mutex again at once whenever it gives it up, and lets the others run while it holds it. Returns how often
/// it came before the waiter that it found, which it leaves waiting for `age` first.
int turns_before_waiter(std::chrono::nanoseconds age) {
    gofer::Mutex mutex;
    bool served = false;
    int turns = 0;
    gofer::WaitGroup wg;
    mutex.lock();
    wg.go([&] {
        mutex.lock();
        served = true;
        mutex.unlock();
    });
    gofer::yield();
    compute(age);
    while (turns < 50) {
        mutex.unlock();
        mutex.lock();
        if (served) break;
        ++turns;
        gofer::yield();
    }
    mutex.unlock();
    wg.wait();
    return turns;
}

} // namespace

TEST_CASE("a Mutex waiter that is over 1 ms old and tries in vain gets it next") {
    auto body = [] {
        // 1, unless a stand-in takes over in between: then once more.
        bool comes_next = false;
        for (int attempt = 0; attempt < 10 && !comes_next; ++attempt) comes_next = turns_before_waiter(1100us) <= 2;
        VERIFY(comes_next);
    };
    fixture::at_workers(1, body);
}

TEST_CASE("a Mutex goes back to whoever comes first when its old waiters are served") {
    auto body = [] {
        gofer::Mutex mutex;
        gofer::WaitGroup wg;
        const auto wait = [&] {
            mutex.lock();
            mutex.unlock();
        };
        mutex.lock();
        wg.go(wait);
        gofer::yield();
        compute(1100us);
        mutex.unlock();
        mutex.lock();
        gofer::yield();
        mutex.unlock();
        wg.wait();
        int came_first = 0;
        for (int i = 0; i < 20; ++i) {
            mutex.lock();
            wg.go(wait);
            gofer::yield();
            mutex.unlock();
            if (mutex.try_lock()) { // the young waiter is on its way, and does not have it yet
                ++came_first;
                mutex.unlock();
            }
            wg.wait();
        }
        VERIFY(came_first > 0);
    };
    fixture::at_workers(1, body);
}

// Threads that are no workers: which of them have called the library, and which are blocked in it.
#include <atomic>
#include <chrono>
#include <thread>

#include <gofer/gofer.hpp>
#include <gofer/sched/plain_threads.hpp>

#include "support/catch.hpp"
#include "support/fixture.hpp"

using namespace std::chrono_literals;
using gofer::sched::PlainThreads;

namespace {

unsigned known() {
    return PlainThreads::instance().known();
}

unsigned blocked() {
    const gofer::base::EngineRegion engine;
    unsigned count = 0;
    PlainThreads::instance().for_each_blocked([&count](const PlainThreads::Blocked& b) { count += b.asleep(); });
    return count;
}

/// By how much the number of known threads is up while a thread lives that has called f.
template <class F>
unsigned known_while_one_has_called(F f) {
    const unsigned before = known();
    std::atomic<bool> called{false}, end{false};
    std::thread thread{[&] {
        f();
        called = true;
        while (!end) std::this_thread::yield();
    }};
    while (!called) std::this_thread::yield();
    const unsigned meanwhile = known();
    end = true;
    thread.join();
    return meanwhile - before;
}

} // namespace

TEST_CASE("a thread that has used a channel is known") {
    CHECK(known_while_one_has_called([] { static_cast<void>(gofer::Channel<int>{1}.try_send(1)); }) == 1);
}

TEST_CASE("a thread that has started a goroutine is known") {
    CHECK(known_while_one_has_called([] { gofer::async([] {}).wait(); }) == 1);
}

TEST_CASE("a thread that has not called the library is unknown") {
    CHECK(known_while_one_has_called([] {}) == 0);
}

TEST_CASE("a thread that has ended is known no more") {
    static_cast<void>(gofer::Channel<int>{1}.try_send(1)); // the test's own thread is known from now on
    const unsigned before = known();
    std::thread{[] { gofer::Channel<int>{1}.send(1); }}.join();
    CHECK(fixture::eventually([before] { return known() == before; }));
}

TEST_CASE("goroutines and blocking code make no thread known") {
    static_cast<void>(gofer::Channel<int>{1}.try_send(1));
    const unsigned before = known();
    unsigned meanwhile = 0;
    gofer::run(fixture::with_workers(2), [&meanwhile] {
        gofer::blocking([&meanwhile] {
            gofer::Channel<int>{1}.send(1);
            meanwhile = known();
        });
    });
    CHECK(meanwhile == before);
}

TEST_CASE("a plain thread is among the blocked exactly while it waits without a limit") {
    const unsigned before = blocked();
    const gofer::Channel<int> c;
    std::thread thread{[&c] { c.receive(); }};
    CHECK(fixture::eventually([before] { return blocked() == before + 1; }));
    c.send(1);
    thread.join();
    CHECK(blocked() == before);
}

TEST_CASE("a plain thread that waits with a limit is not among the blocked") {
    const unsigned before = blocked();
    const gofer::Channel<int> c;
    std::atomic<unsigned> most{0};
    std::thread thread{[&c] { static_cast<void>(c.receive_for(20ms)); }};
    std::thread observer{[&] {
        for (int i = 0; i < 100; ++i) {
            most = std::max(most.load(), blocked());
            std::this_thread::yield();
        }
    }};
    thread.join();
    observer.join();
    CHECK(most == before);
}

// One of the two shared objects; SIDE is north or south.
#include <mutex>
#include <stdexcept>

#include "sides.hpp"

using SIDE::Side;

const void* Side::runtime() {
    return &gofer::Runtime::current();
}

std::uint64_t Side::id() {
    return gofer::this_goroutine::id();
}

void Side::produce(const gofer::Channel<int>& c, int count) {
    gofer::go([c, count] {
        for (int i = 0; i < count; ++i) c.send(i);
        c.close();
    });
}

gofer::Future<long> Side::sum(const gofer::Channel<int>& c) {
    return gofer::async([c] {
        long sum = 0;
        for (int v : c) sum += v;
        return sum;
    });
}

bool Side::catches_closed(void (*sends)(const gofer::Channel<int>&), const gofer::Channel<int>& c) {
    try {
        sends(c);
    } catch (const gofer::ChannelClosed&) {
        return true;
    }
    return false;
}

void Side::send_once(const gofer::Channel<int>& c) {
    c.send(1);
}

void Side::lock_and_count(gofer::Mutex& m, long& counter) {
    for (int i = 0; i < 1000; ++i) {
        const std::lock_guard guard{m};
        ++counter;
        if (i % 100 == 0) gofer::yield();
    }
}

void Side::collect_id(const gofer::Channel<std::uint64_t>& ids, const gofer::Channel<int>& gate) {
    gofer::go([ids, gate] {
        ids.send(gofer::this_goroutine::id());
        gate.receive();
    });
}

namespace {

[[gnu::noinline]] int endless(int n) {
    volatile char frame[1000] = {};
    asm volatile("" : "+r"(n)::"memory");
    return n < 0 ? 0 : endless(n + 1) + frame[7];
}

} // namespace

void Side::recurse() {
    gofer::WaitGroup wg;
    wg.go({.name = "deep one"}, [] { endless(0); });
    wg.wait();
}

void Side::fail() {
    gofer::WaitGroup wg;
    wg.go({.name = "unlucky"}, [] { throw std::runtime_error{"the disk is full"}; });
    wg.wait();
}

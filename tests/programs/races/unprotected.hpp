// What the scenarios race about, and a way to know that something has happened which TSan does not take for an edge.
#pragma once

#include <atomic>

#include "../support/scenario.hpp"

namespace races {

inline int unprotected = 0;

/// The access that TSan has to report, or has to find ordered.
[[gnu::noinline]] inline void touch() {
    unprotected = unprotected + 1;
}

/// Tells the others how often something has happened, without ordering anything: relaxed accesses are no edge, and
/// neither is a yield. So what comes before give() still races with what comes after await().
class Rumour {
public:
    void give() noexcept { times_.fetch_add(1, std::memory_order_relaxed); }
    void await(int times = 1) const {
        while (times_.load(std::memory_order_relaxed) < times) gofer::yield();
    }

private:
    std::atomic<int> times_{0};
};

/// Two goroutines beside each other, and both waited for.
template <class A, class B>
void both(const programs::Setting& s, A a, B b) {
    gofer::run(s.options(), [&] {
        gofer::WaitGroup wg;
        wg.go(a);
        wg.go(b);
        wg.wait();
    });
}

} // namespace races

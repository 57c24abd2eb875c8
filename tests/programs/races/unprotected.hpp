// What the scenarios race about, and a way to know that something has happened which TSan does not take for an edge.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "../support/scenario.hpp"

namespace races {

inline std::array<int, 1000> unprotected{};

/// TSan misses an access that another thread's one meets in the very same instant: both find the record of the place
/// empty and take it, and one gets lost (half of all pairs of two threads in lock-step, g++ 12). So each access is many.
inline constexpr int times_enough_for_tsan = 32;

/// The access that TSan has to report, or has to find ordered: to the first one, unless told which.
[[gnu::noinline]] inline void touch(std::size_t which = 0) {
    volatile int& place = unprotected[which];
    for (int i = 0; i < times_enough_for_tsan; ++i) place = place + 1;
}

/// The same without a change.
[[gnu::noinline]] inline void look() {
    volatile const int& place = unprotected[0];
    for (int i = 0; i < times_enough_for_tsan; ++i) static_cast<void>(static_cast<int>(place));
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

// The world that the rows are about. Peers have a header of this name with the same names in it, and the
// programs are compiled once for each: what is compared does the same work, line by line.
#pragma once

#include <chrono>
#include <utility>

#include <gofer/gofer.hpp>

#include "bench/harness/sizes.hpp"

namespace world {

using gofer::after;
using gofer::after_func;
using gofer::Channel;
using gofer::go;
using gofer::Mutex;
using gofer::recv;
using gofer::select;
using gofer::sleep_for;
using gofer::Timer;
using gofer::WaitGroup;
using gofer::yield;

using StopCall = decltype(after_func(std::chrono::seconds{1}, [] {}));

inline constexpr bench::Sizes sizes{};

/// Forks, and joins all that it forked.
class Group {
public:
    template <class F>
    void run(F f) {
        forked_.go(std::move(f));
    }
    void wait() { forked_.wait(); }

private:
    WaitGroup forked_;
};

/// Runs f as the main goroutine of a fresh runtime.
template <class F>
void run(unsigned workers, F f) {
    gofer::run(gofer::RuntimeOptions{.workers = workers}, std::move(f));
}

} // namespace world

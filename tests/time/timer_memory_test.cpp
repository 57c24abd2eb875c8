// What timers leave behind: nothing, be there a million of them.
#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/memory.hpp"

using namespace std::chrono_literals;

namespace {

constexpr std::size_t mib = 1 << 20;
constexpr int many = gofer::base::tsan_build || gofer::base::asan_build ? 50'000 : 1'000'000;

/// Runs `work` once to warm everything up, then again: the second time must leave the memory as it was.
template <class Work>
void leaves_nothing(Work work) {
    auto measured = [&work] {
        work(many / 50);
        const std::size_t before = fixture::allocated_bytes();
        work(many);
        VERIFY(fixture::grew_less_than(mib, before));
    };
    for (const unsigned workers : {1u, 2u}) fixture::at_workers(workers, measured);
}

} // namespace

TEST_CASE("timers that were armed and stopped leave nothing") {
    leaves_nothing([](int n) {
        for (int i = 0; i < n; ++i) {
            const gofer::Timer t{1h};
            if (i % 2 == 0) t.stop();
        }
    });
}

TEST_CASE("a million pending timers, stopped and dropped, leave nothing") {
    leaves_nothing([](int n) {
        std::vector<gofer::Timer> timers;
        timers.reserve(static_cast<std::size_t>(n));
        for (int i = 0; i < n; ++i) timers.emplace_back(std::chrono::hours{1 + i % 7});
        for (const gofer::Timer& t : timers) VERIFY(t.stop());
    });
}

TEST_CASE("a million channels of after that nobody received from leave nothing") {
    leaves_nothing([](int n) {
        for (int i = 0; i < n; ++i) static_cast<void>(gofer::after(1h));
        for (int i = 0; i < n / 10; ++i) gofer::select(gofer::recv(gofer::after(1h)), gofer::timeout(1ns));
    });
}

TEST_CASE("a million pending calls, stopped in any order, leave nothing, and their closures go at once") {
    leaves_nothing([](int n) {
        const auto closure = std::make_shared<int>();
        std::vector<gofer::time::StopCall> stops;
        stops.reserve(static_cast<std::size_t>(n));
        for (int i = 0; i < n; ++i)
            stops.push_back(gofer::after_func(std::chrono::seconds{1000 + i * 7919LL % 1000}, [closure] {}));
        for (int part = 0; part < 3; ++part)
            for (std::size_t i = static_cast<std::size_t>(part); i < stops.size(); i += 3) VERIFY(stops[i]());
        VERIFY(closure.use_count() == 1);
    });
}

TEST_CASE("calls that ran leave nothing") {
    leaves_nothing([](int n) {
        for (int i = 0; i < n / 10; i += 1000) { // all at once, their goroutines' records would be the most there ever were
            gofer::WaitGroup wg;
            wg.add(1000);
            for (int k = 0; k < 1000; ++k)
                gofer::after_func(std::chrono::microseconds{k % 100}, [&wg] { wg.done(); });
            wg.wait();
        }
    });
}

TEST_CASE("receives that a timer ended leave nothing in the channel they waited on") {
    leaves_nothing([](int n) {
        const gofer::Channel<int> c;
        for (int i = 0; i < n / 20; ++i) gofer::select(gofer::recv(c), gofer::recv(gofer::after(1us)));
        VERIFY(!c.try_send(1));
    });
}

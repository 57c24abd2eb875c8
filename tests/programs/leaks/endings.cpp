// run ends: soon, whatever the goroutines do that are left.
#include <atomic>
#include <chrono>

#include "../support/scenario.hpp"

using namespace std::chrono_literals;
using programs::require;
using programs::Scenario;
using programs::Setting;

namespace {

template <class F>
std::chrono::steady_clock::duration time_of(F f) {
    const auto start = std::chrono::steady_clock::now();
    f();
    return std::chrono::steady_clock::now() - start;
}

// Only a defect takes so long.
constexpr auto too_long = 20s;

void ends_soon(const Setting& s, void (*goroutine)()) {
    auto options = s.options();
    options.shutdown_grace = 50ms;
    const auto took = time_of([&] {
        gofer::run(options, [goroutine] {
            for (int i = 0; i < 3; ++i) gofer::go(goroutine); // they start within the grace
        });
    });
    require(took < too_long, "run ends soon");
}

std::atomic<bool> stop_computing{false};

const Scenario computing{"while goroutines compute", [](const Setting& s) {
    ends_soon(s, [] {
        while (!stop_computing.load(std::memory_order_relaxed)) {
        }
    });
    stop_computing = true;
}};

const Scenario yielding{"while goroutines yield", [](const Setting& s) {
    ends_soon(s, [] {
        for (;;) gofer::yield();
    });
}};

const Scenario spawning{"while goroutines spawn goroutines", [](const Setting& s) {
    static void (*const spawn)() = [] {
        gofer::go(spawn);
        gofer::yield();
    };
    ends_soon(s, spawn);
}};

const Scenario ping_pong{"while goroutines wake each other", [](const Setting& s) {
    ends_soon(s, [] {
        const gofer::Channel<int> c;
        gofer::go([c] {
            for (;;) c.send(1);
        });
        for (;;) c.receive();
    });
}};

const Scenario sleeping{"while goroutines sleep", [](const Setting& s) {
    ends_soon(s, [] { gofer::sleep_for(1h); });
}};

// A grace of a minute, but nothing can wake the one that is left.
const Scenario hopeless{"when nothing can wake what is left", [](const Setting& s) {
    const auto took = time_of([&s] {
        gofer::run(s.options(), [] {
            const gofer::Channel<int> c;
            gofer::go([c] { c.receive(); });
            gofer::yield();
        });
    });
    require(took < too_long, "the grace is cut short");
}};

const Scenario granted{"when the grace suffices", [](const Setting& s) {
    static std::atomic<int> ended{0};
    gofer::run(s.options(), [] {
        for (int i = 0; i < 10; ++i)
            gofer::go([] {
                gofer::sleep_for(20ms);
                ++ended;
            });
    });
    require(ended == 10, "all of them had their time");
}};

} // namespace

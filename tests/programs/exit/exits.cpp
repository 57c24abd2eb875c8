// std::exit, and the end of main, while goroutines are there.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "../support/scenario.hpp"

using namespace std::chrono_literals;
using programs::Scenario;
using programs::Setting;

namespace {

struct SaysAtExit {
    ~SaysAtExit() { std::fputs("static destructors run\n", stderr); }
};

void say_at_exit() {
    static const SaysAtExit says;
    static_cast<void>(says);
}

// A volatile sink keeps the loops from being optimized away.
[[noreturn]] void compute() {
    for (volatile unsigned n = 0;;) n = n + 1;
}

/// Goroutines of the default runtime of every kind: one computes, others sleep, are parked, or wake each other.
void start_all_kinds() {
    const gofer::Channel<int> never, ping, pong;
    gofer::go([] { compute(); });
    for (int i = 0; i < 10; ++i) {
        gofer::go([never] { never.receive(); });
        gofer::go([] {
            for (;;) gofer::sleep_for(1ms);
        });
    }
    gofer::go([ping, pong] {
        for (int v : ping) pong.send(v);
    });
    gofer::go([ping, pong] {
        for (int i = 0;; ++i) {
            ping.send(i);
            pong.receive();
        }
    });
}

const Scenario from_goroutine{"std::exit in a goroutine of run", [](const Setting& s) {
    say_at_exit();
    gofer::run(s.options(), [] {
        gofer::go([] { std::exit(7); });
        gofer::sleep_for(1h);
    });
}};

const Scenario from_main_goroutine{"std::exit in the main goroutine of run", [](const Setting& s) {
    say_at_exit();
    gofer::run(s.options(), [] {
        const gofer::Channel<int> c;
        gofer::go([c] { c.receive(); });
        gofer::yield();
        std::exit(7);
    });
}};

const Scenario from_default{"std::exit in a goroutine of the default runtime", [](const Setting&) {
    say_at_exit();
    gofer::go([] { std::exit(7); });
    std::this_thread::sleep_for(1h);
}};

const Scenario main_returns{"main returns while all kinds are there", [](const Setting&) {
    say_at_exit();
    start_all_kinds();
    std::this_thread::sleep_for(10ms);
}};

const Scenario exit_among_all{"std::exit in a goroutine while all kinds are there", [](const Setting&) {
    say_at_exit();
    start_all_kinds();
    gofer::go([] {
        gofer::sleep_for(5ms);
        std::exit(7);
    });
    std::this_thread::sleep_for(1h);
}};

const Scenario exit_while_held{"std::exit in a goroutine while others hold every worker", [](const Setting& s) {
    say_at_exit();
    gofer::run(s.options(), [] {
        for (int i = 0; i < 4; ++i) gofer::go([] { compute(); });
        for (int i = 0; i < 4; ++i) gofer::go([] { std::this_thread::sleep_for(1h); });
        gofer::sleep_for(30ms);
        std::exit(7);
    });
}};

const Scenario exit_in_blocking{"std::exit in blocking code", [](const Setting& s) {
    say_at_exit();
    gofer::run(s.options(), [] { gofer::blocking([] { std::exit(7); }); });
}};

const Scenario return_while_blocking{"main returns while goroutines sit in blocking", [](const Setting&) {
    say_at_exit();
    static std::atomic<int> inside{0};
    for (int i = 0; i < 10; ++i)
        gofer::go([i] {
            gofer::blocking([i] {
                ++inside;
                std::this_thread::sleep_for(i % 2 ? std::chrono::milliseconds{1h} : 5ms);
            });
        });
    while (inside < 10) std::this_thread::yield();
}};

const Scenario run_elsewhere{"main returns while another thread is in run", [](const Setting& s) {
    say_at_exit();
    std::atomic<bool> runs{false};
    std::thread{[options = s.options(), &runs] {
        gofer::run(options, [&runs] {
            start_all_kinds();
            runs = true;
            gofer::sleep_for(1h);
        });
    }}.detach();
    while (!runs) std::this_thread::yield();
}};

const Scenario at_once{"main returns at once after the first go", [](const Setting&) {
    say_at_exit();
    for (int i = 0; i < 100; ++i) gofer::go([] { gofer::yield(); });
}};

} // namespace

// Everyone is asleep, and something of the library's own will wake them.
#include <chrono>
#include <thread>

#include "../support/scenario.hpp"

using namespace std::chrono_literals;
using programs::Scenario;
using programs::Setting;

namespace {

// Longer than it takes the detector to look.
constexpr auto a_while = 70ms;

const Scenario timer{"a timer is pending", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        const gofer::Channel<int> c;
        gofer::WaitGroup all;
        all.go([c] {
            while (c.receive()) {
            }
        });
        for (int i = 0; i < s.rounds; ++i) {
            gofer::sleep_for(a_while);
            c.send(i);
        }
        c.close();
        all.wait();
    });
}};

const Scenario deadline{"a context's deadline is pending", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        const gofer::Channel<int> never;
        for (int i = 0; i < s.rounds; ++i) {
            auto [ctx, cancel] = gofer::with_timeout(gofer::Context::background(), a_while);
            auto [child, cancel_child] = gofer::with_cancel(ctx);
            never.receive(child);
        }
    });
}};

const Scenario function{"a timer function is pending", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        const gofer::Channel<int> c;
        for (int i = 0; i < s.rounds; ++i) {
            gofer::after_func(a_while, [c] { c.send(1); });
            c.receive();
        }
    });
}};

const Scenario blocking{"blocking code runs", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        for (int i = 0; i < s.rounds; ++i) gofer::blocking([] { std::this_thread::sleep_for(a_while); });
    });
}};

const Scenario two_runtimes{"the other runtime of a channel sleeps", [](const Setting& s) {
    gofer::Runtime other{s.options()};
    const gofer::Channel<int> c;
    other.go([c, &s] {
        for (int i = 0; i < s.rounds; ++i) {
            gofer::sleep_for(a_while);
            c.send(i);
        }
        c.close();
    });
    gofer::run(s.options(), [c] {
        while (c.receive()) {
        }
    });
}};

const Scenario known_thread{"a thread that called before sleeps", [](const Setting& s) {
    const gofer::Channel<int> c;
    std::thread thread{[c, &s] {
        for (int i = 0; i < s.rounds; ++i) {
            c.send(i);
            std::this_thread::sleep_for(i == 0 ? 1500ms : a_while);
        }
        c.close();
    }};
    gofer::run(s.options(), [c] {
        while (c.receive()) {
        }
    });
    thread.join();
}};

} // namespace

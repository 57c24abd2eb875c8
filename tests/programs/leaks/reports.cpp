// What stderr says about goroutines that are left.
#include <chrono>
#include <optional>

#include "../support/scenario.hpp"

using namespace std::chrono_literals;
using programs::Scenario;
using programs::Setting;

namespace {

gofer::RuntimeOptions short_grace(const Setting& s) {
    auto options = s.options();
    options.shutdown_grace = 20ms;
    return options;
}

// Everything they wait on is theirs for ever, as they are.
const Scenario every_kind{"parked in every way", [](const Setting& s) {
    const gofer::Channel<int> c;
    static gofer::WaitGroup group;
    static gofer::Mutex mutex;
    static gofer::Promise<int> promise;
    static const gofer::Future<int> future = promise.future();
    group.add(1);
    mutex.lock();
    gofer::run(short_grace(s), [c] {
        gofer::go({.name = "receiver"}, [c] { c.receive(); });
        gofer::go({.name = "sender"}, [] { gofer::Channel<int>{}.send(1); });
        gofer::go({.name = "nil receiver"}, [] { gofer::Channel<int>{nullptr}.receive(); });
        gofer::go({.name = "nil sender"}, [] { gofer::Channel<int>{nullptr}.send(1); });
        gofer::go({.name = "selector"}, [c] { gofer::select(gofer::recv(c), gofer::timeout(1h)); });
        gofer::go({.name = "empty selector"}, [] { gofer::select(); });
        gofer::go({.name = "sleeper"}, [] { gofer::sleep_for(1h); });
        gofer::go({.name = "waiter"}, [] { group.wait(); });
        gofer::go({.name = "locker"}, [] { mutex.lock(); });
        gofer::go({.name = "expecter"}, [] { future.wait(); });
        gofer::go({.name = "on its own stack", .stack_size = 64 << 10}, [c] { c.receive(); });
        while (gofer::Runtime::current().stats().parked < 11) gofer::yield();
    });
}};

const Scenario none_left{"none", [](const Setting& s) {
    auto options = s.options();
    options.shutdown_grace = 60s; // for a slow machine; it ends as soon as none is left
    gofer::run(options, [] {
        for (int i = 0; i < 10; ++i) gofer::go([] { gofer::yield(); });
    });
}};

const Scenario many{"three hundred", [](const Setting& s) {
    gofer::run(short_grace(s), [] {
        const gofer::Channel<int> c;
        for (int i = 0; i < 300; ++i) gofer::go([c] { c.receive(); });
        while (gofer::Runtime::current().stats().parked < 300) gofer::yield();
    });
}};

const Scenario with_abort{"with Leaks::abort", [](const Setting& s) {
    auto options = short_grace(s);
    options.leaks = gofer::Leaks::abort;
    gofer::run(options, [] {
        const gofer::Channel<int> c;
        gofer::go({.name = "receiver"}, [c] { c.receive(); });
        while (gofer::Runtime::current().stats().parked < 1) gofer::yield();
    });
}};

} // namespace

// What becomes of goroutines that are abandoned, and of those who have to do with them.
#include <chrono>
#include <future>
#include <optional>
#include <thread>

#include "../support/scenario.hpp"

using namespace std::chrono_literals;
using programs::require;
using programs::Scenario;
using programs::Setting;

namespace {

struct SaysWhenDestroyed {
    SaysWhenDestroyed() = default;
    SaysWhenDestroyed(const SaysWhenDestroyed&) = default;
    SaysWhenDestroyed& operator=(const SaysWhenDestroyed&) = default;
    SaysWhenDestroyed(SaysWhenDestroyed&& other) noexcept : silent{std::exchange(other.silent, true)} {}
    SaysWhenDestroyed& operator=(SaysWhenDestroyed&&) = delete;
    ~SaysWhenDestroyed() {
        if (!silent) std::fputs("destroyed\n", stderr);
    }
    bool silent{false};
};

/// Runs f as a goroutine that parks and is abandoned.
template <class F>
void abandon(const Setting& s, F f) {
    auto options = s.options();
    options.shutdown_grace = 20ms;
    gofer::run(options, [&f] {
        gofer::go(f);
        while (gofer::Runtime::current().stats().parked < 1) gofer::yield();
    });
}

const Scenario no_destructors{"their destructors", [](const Setting& s) {
    auto options = s.options();
    options.shutdown_grace = 20ms;
    gofer::run(options, [] {
        const gofer::Channel<int> c;
        gofer::go([c, captured = SaysWhenDestroyed{}] {
            const SaysWhenDestroyed local;
            c.receive();
        });
        while (gofer::Runtime::current().stats().parked < 1) gofer::yield();
    });
}};

const Scenario living_receiver{"a value sent where one waits for ever", [](const Setting& s) {
    const gofer::Channel<int> c, d, e;
    abandon(s, [c] { c.receive(); });
    abandon(s, [d, e] { gofer::select(gofer::recv(d), gofer::recv(e)); });
    for (const auto& channel : {c, d, e}) {
        require(!channel.try_send(1), "nobody is there to receive");
        std::thread thread{[&channel] { require(channel.receive() == 2, "the living one receives"); }};
        channel.send(2);
        thread.join();
    }
}};

const Scenario living_sender{"a value received where one sends for ever", [](const Setting& s) {
    const gofer::Channel<int> c, buffered(1);
    abandon(s, [c] { c.send(1); });
    buffered.send(2);
    abandon(s, [buffered] { buffered.send(1); });
    require(c.try_receive().empty(), "nobody is there to send");
    std::thread thread{[&c] { c.send(2); }};
    require(c.receive() == 2, "the living one sends");
    thread.join();
    require(buffered.receive() == 2, "what was in the buffer is there");
    require(buffered.try_receive().empty(), "and nothing else");
}};

const Scenario living_locker{"a mutex where one waits for ever", [](const Setting& s) {
    static gofer::Mutex m;
    m.lock();
    abandon(s, [] { m.lock(); });
    std::thread thread{[] {
        m.lock();
        m.unlock();
    }};
    std::this_thread::sleep_for(20ms);
    m.unlock();
    thread.join();
}};

const Scenario closing{"a close and a done where one waits for ever", [](const Setting& s) {
    const gofer::Channel<int> c;
    static gofer::WaitGroup group;
    group.add(1);
    abandon(s, [c] { c.receive(); });
    abandon(s, [] { group.wait(); });
    c.close();
    group.done();
    group.wait();
}};

const Scenario broken{"a Future of an abandoned goroutine", [](const Setting& s) {
    const gofer::Channel<int> c;
    auto options = s.options();
    options.shutdown_grace = 20ms;
    gofer::Future<int> f = gofer::run(options, [c] {
        auto future = gofer::async([c] { return c.receive().value(); });
        while (gofer::Runtime::current().stats().parked < 1) gofer::yield();
        return future;
    });
    bool told = false;
    try {
        f.get();
    } catch (const std::future_error& e) {
        told = e.code() == std::future_errc::broken_promise;
    }
    require(told, "it is a broken promise");
}};

// The channel dies with the function's frame while the goroutine still stands in its list.
const Scenario last_handle{"a channel whose last handle goes before the goroutine is abandoned", [](const Setting& s) {
    auto options = s.options();
    options.shutdown_grace = 20ms;
    for (int i = 0; i < 20; ++i)
        gofer::run(options, [] {
            const gofer::Channel<int> c, d;
            gofer::go([&c] { c.receive(); });
            gofer::go([&c, &d] { gofer::select(gofer::recv(c), gofer::send(d, 1)); });
            while (gofer::Runtime::current().stats().parked < 2) gofer::yield();
        });
}};

} // namespace

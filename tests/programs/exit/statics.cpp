// Static objects that use the library while they are destroyed. No goroutine may be started or resumed beside them.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <optional>
#include <thread>
#include <unistd.h>

#include "../support/said.hpp"
#include "../support/scenario.hpp"

using namespace std::chrono_literals;
using programs::require;
using programs::Scenario;
using programs::Setting;

namespace {

/// Calls a function when static objects are destroyed.
struct AtDestruction {
    void (*f)();
    ~AtDestruction() { f(); }
};

std::atomic<long> steps{0};

const Scenario use_channels{"static destructors use channels", [](const Setting&) {
    static const gofer::Channel<int> buffered(2), parked_on;
    static const AtDestruction uses{[] {
        buffered.send(2);
        require(buffered.receive() == 1 && buffered.receive() == 2, "a buffered channel works");
        static_cast<void>(parked_on.try_send(1));
        parked_on.close();
        gofer::go([] { std::fputs("started\n", stderr); });
        std::this_thread::sleep_for(50ms);
        std::fputs("destructors are through\n", stderr);
    }};
    buffered.send(1);
    std::atomic<bool> waits{false};
    gofer::go([&waits] {
        waits = true;
        parked_on.receive();
        std::fputs("resumed\n", stderr);
    });
    while (!waits) std::this_thread::yield();
}};

const Scenario nobody_runs{"nobody runs beside static destructors", [](const Setting&) {
    static const AtDestruction watches{[] {
        const long before = steps;
        std::this_thread::sleep_for(100ms);
        require(steps == before, "no goroutine takes a step");
        std::fputs("destructors are through\n", stderr);
    }};
    const gofer::Channel<int> c;
    gofer::go([c] {
        for (;;) {
            c.send(1);
            ++steps;
        }
    });
    gofer::go([c] {
        for (;;) {
            c.receive();
            ++steps;
        }
    });
    gofer::go([] {
        for (;;) {
            gofer::sleep_for(1ms);
            ++steps;
        }
    });
    while (steps < 1000) std::this_thread::yield();
}};

// Objects of which one was made before the library's first use and one after it.
struct OwnsHandles {
    gofer::Channel<int> c{4};
    std::optional<gofer::Future<int>> future;
    gofer::WaitGroup group;
    gofer::Mutex mutex;
};
OwnsHandles early;

const Scenario own_handles{"static objects own what goroutines wait on", [](const Setting&) {
    static OwnsHandles late;
    for (OwnsHandles* owner : {&early, &late}) {
        owner->group.add(1);
        owner->mutex.lock();
        owner->future = gofer::async([owner] {
            for (int i = 0; i < 5; ++i) owner->c.send(i);
            return 1;
        });
        gofer::go([owner] { owner->group.wait(); });
        gofer::go([owner] { owner->mutex.lock(); });
        gofer::go([owner] { static_cast<void>(gofer::select(gofer::recv(owner->c), gofer::timeout(1h))); });
    }
    while (gofer::Runtime::current().stats().parked < 4) std::this_thread::yield();
}};

/// When nobody runs any more in the default runtime: what starts a goroutine there and waits for it.
void start_and_wait() {
    gofer::WaitGroup wg;
    wg.go([] { std::fputs("started\n", stderr); });
    wg.wait();
    {
        gofer::ErrGroup group;
        group.go([] { std::fputs("started\n", stderr); });
    }
    try {
        gofer::async([] { return 1; }).get();
        require(false, "it has no value");
    } catch (const std::future_error&) {
    }
    std::fputs("destructors are through\n", stderr);
}

const Scenario start{"static destructors wait for what they start", [](const Setting&) {
    static const AtDestruction starts{start_and_wait};
    gofer::async([] {}).get();
}};

void block_in_every_way() {
    gofer::sleep_for(1ms);
    gofer::Channel<int> c;
    require(!c.receive_for(1ms), "nobody sends");
    std::thread sender{[c] { c.send(1); }};
    require(c.receive() == 1, "a plain thread sends");
    sender.join();
    require(gofer::blocking([] { return 2; }) == 2, "blocking code runs");
    require(gofer::run([] { return gofer::async([] { return 3; }).get(); }) == 3, "a runtime of its own runs");
    start_and_wait();
}

const Scenario block{"static destructors block in a goroutine that called exit", [](const Setting&) {
    static const AtDestruction blocks{block_in_every_way};
    gofer::go([] { std::exit(0); });
    for (;;) ::pause();
}};
const Scenario block_in_run{"static destructors block in a goroutine of run that called exit", [](const Setting& s) {
    static const AtDestruction blocks{block_in_every_way};
    gofer::go([] {});
    gofer::run(s.options(), [] { std::exit(0); });
}};
const Scenario block_in_blocking{"static destructors block in blocking code that called exit", [](const Setting& s) {
    static const AtDestruction blocks{block_in_every_way};
    gofer::go([] {});
    gofer::run(s.options(), [] { gofer::blocking([] { std::exit(0); }); });
}};

const Scenario wait_in_vain{"a static destructor waits for a goroutine", [](const Setting&) {
    static gofer::WaitGroup wg;
    static const gofer::Channel<int> never;
    static const AtDestruction waits{[] {
        programs::exit_after_the_report();
        never.close();
        wg.wait();
    }};
    wg.go([] { never.receive(); });
    while (gofer::Runtime::current().stats().parked < 1) std::this_thread::yield();
}};

} // namespace

// A goroutine that runs for long without parking is named, if that is asked for.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>

#include <gofer/gofer.hpp>

#include "support/catch.hpp"
#include "support/dies.hpp"

namespace {

using namespace std::chrono_literals;

gofer::RuntimeOptions with_long_run(std::chrono::milliseconds limit) {
    gofer::RuntimeOptions options;
    options.workers = 1;
    options.long_run = limit;
    return options;
}

void compute_for(std::chrono::milliseconds time) {
    for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) {
    }
}

bool is_named() {
    bool named = false;
    gofer::sched::Monitor::instance().for_each([&named](gofer::sched::Scheduler& s) {
        for (auto& w : s.workers) named = named || w->long_run_told;
    });
    return named;
}

/// Until the monitor has come by so often. In between it looks at all workers, and says what there is to be said.
void compute_while_it_comes(int times) {
    static std::atomic<bool> came;
    while (times-- > 0) {
        came = false;
        gofer::sched::Monitor::instance().send([]() noexcept { came = true; });
        while (!came) compute_for(1ms);
    }
}

/// Calls pass() until the caller is named, or for a time that only a defect takes: the monitor gets its turn late on a
/// machine under load.
template <class Pass>
void pass_until_named(Pass pass) {
    compute_while_it_comes(2); // or what it saw of an earlier run is taken for this
    const auto limit = std::chrono::steady_clock::now() + 60s;
    while (!is_named() && std::chrono::steady_clock::now() < limit) pass();
    compute_while_it_comes(10); // it might be named again
}
void compute_until_named() {
    pass_until_named([] { compute_for(1ms); });
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
}

} // namespace

TEST_CASE("a goroutine that computes for longer than long_run is named once, with its place") {
    const auto end = fixture::death_of([] {
        gofer::run(with_long_run(10ms), [] {
            gofer::WaitGroup wg;
            wg.go({.name = "computer"}, compute_until_named);
            wg.wait();
        });
    });
    CHECK(end.signal == 0);
    CHECK(count(end.message, "\"computer\", started at ") == 1);
    CHECK(end.says("long_run_test.cpp:"));
    CHECK(end.says("ms without parking"));
}

TEST_CASE("a goroutine that sleeps with its thread is named as well") {
    const auto end = fixture::death_of([] {
        gofer::run(with_long_run(10ms), [] {
            gofer::WaitGroup wg; // it has its name from its start, as it may be told of at any time
            wg.go({.name = "sleeper"}, [] { pass_until_named([] { std::this_thread::sleep_for(20ms); }); });
            wg.wait();
        });
    });
    CHECK(end.says("\"sleeper\""));
}

TEST_CASE("a goroutine that yields, parks or is in blocking code is not named") {
    const auto end = fixture::death_of([] {
        gofer::run(with_long_run(1500ms), [] { // longer than the system leaves a thread without a processor
            gofer::blocking([] { std::this_thread::sleep_for(2500ms); });
            gofer::sleep_for(2500ms);
            for (const auto until = gofer::Clock::now() + 2500ms; gofer::Clock::now() < until;) gofer::yield();
        });
    });
    CHECK(end.message.empty());
}

TEST_CASE("each long run is named anew") {
    const auto end = fixture::death_of([] {
        gofer::run(with_long_run(10ms), [] {
            compute_until_named();
            gofer::sleep_for(1ms);
            compute_until_named(); // and no third run, which might be long as well on a machine under load
        });
    });
    CHECK(count(end.message, "\"main\"") == 2);
}

TEST_CASE("nobody waits for the reader of the note of a long run") {
    const auto end = fixture::death_of([] {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_NONBLOCK) != 0) ::_exit(1);
        while (::write(ends[1], "full", 4) > 0) {
        }
        ::fcntl(ends[1], F_SETFL, 0);
        const int before = ::dup(STDERR_FILENO);
        ::dup2(ends[1], STDERR_FILENO);
        gofer::run(with_long_run(10ms), [before] {
            bool told = false, looked = true;
            for (int after = 0; looked && after < 20; after += told ? 1 : 0) {
                looked = gofer::sched::Monitor::instance().try_for_each(5'000'000'000, [&told](gofer::sched::Scheduler& s) {
                    for (auto& w : s.workers) told = told || w->long_run_told;
                });
                compute_for(5ms);
            }
            const std::string_view found = looked ? "nobody waits" : "the registry's lock is held";
            static_cast<void>(!::write(before, found.data(), found.size()));
            ::_exit(0);
        });
    });
    CHECK(end.message == "nobody waits");
}

TEST_CASE("nobody is named without long_run, however long he runs") {
    const auto end = fixture::death_of([] { gofer::run(with_long_run(0ms), [] { compute_for(200ms); }); });
    CHECK(end.message.empty());
}

TEST_CASE("GOFER_LONG_RUN names goroutines of runtimes that do not say themselves") {
    ::setenv("GOFER_LONG_RUN", "10", 1);
    const auto end = fixture::death_of([] { gofer::run(with_long_run(0ms), compute_until_named); });
    ::unsetenv("GOFER_LONG_RUN");
    CHECK(end.says("\"main\""));
}

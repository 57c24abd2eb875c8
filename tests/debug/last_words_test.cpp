// What a process says when it dies of an error: who, where, and what the others do.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include <gofer/debug/snapshot.hpp>
#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;
using fixture::Death;
using fixture::death_of;

namespace {

[[gnu::noinline]] void unlocks(gofer::Mutex& mutex) {
    mutex.unlock();
    asm volatile("" ::: "memory");
}
[[gnu::noinline]] void throws() {
    throw std::runtime_error{"the disk is full"};
}
// NOLINTNEXTLINE(misc-no-recursion): that is the point
[[gnu::noinline]] int recurses(int depth) {
    volatile char block[200]; // NOLINT
    block[depth % 200] = 1;
    return depth < 0 ? 0 : recurses(depth + 1) + block[0];
}
// NOLINTNEXTLINE(misc-no-recursion)
[[gnu::noinline]] long recurses_and_allocates(int depth) {
    void* volatile block = std::malloc(100 + static_cast<std::size_t>(depth % 1000)); // NOLINT
    const long sum = depth < 0 ? 0 : recurses_and_allocates(depth + 1);
    std::free(block); // NOLINT
    return sum + depth;
}

/// Runs f in a goroutine named "culprit" while another one named "bystander" is parked.
template <class F>
void beside_a_bystander(F f) {
    gofer::run(fixture::with_workers(2), [&f] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go({.name = "bystander"}, [&c] { c.receive(); });
        fixture::parked_reaches(1);
        wg.go({.name = "culprit"}, [&f] { f(); });
        wg.wait();
    });
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++n;
    return n;
}

} // namespace

TEST_CASE("a fatal error in a goroutine names it, shows its stack, and tells of the others") {
    const Death death = death_of([] {
        beside_a_bystander([] {
            gofer::Mutex mutex;
            unlocks(mutex);
        });
    });
    CAPTURE(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("fatal error: gofer: unlock of a Mutex that is not locked"));
    CHECK(death.says(" [running]:\n  \"culprit\"\n"));
    CHECK(death.says("unlocks(gofer::Mutex&)\n\t"));
    CHECK(death.says("created by gofer::go\n\t"));
    CHECK(death.says("all goroutines:\n"));
    CHECK(death.says(" \"bystander\", started at "));
    CHECK(death.says("receive on channel 0x"));
}

TEST_CASE("a fatal error on a plain thread shows that thread's stack") {
    const Death death = death_of([] {
        gofer::Mutex mutex;
        unlocks(mutex);
    });
    CAPTURE(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("\nthread "));
    CHECK(death.says("unlocks"));
    CHECK_FALSE(death.says("all goroutines"));
}

TEST_CASE("a stack overflow shows the top frames, a run of the same once") {
    const Death death = death_of([] { beside_a_bystander([] { return recurses(1); }); });
    CAPTURE(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("fatal error: goroutine stack overflow\n"));
    CHECK(death.says(" \"culprit\", started at "));
    CHECK(death.says("recurses(int)\n\t"));
    CHECK(death.says(" more of the last\n"));
    CHECK(death.says("GoOptions::stack_size"));
    CHECK(death.says(" \"bystander\", started at "));
    CHECK(count(death.message, "\n") < 60);
}

TEST_CASE("an overflow in the midst of malloc ends in time") {
    if (gofer::base::tsan_build) return; // TSan's own lock is held there, and its write() takes it, too
    const auto start = std::chrono::steady_clock::now();
    const Death death = death_of([] { beside_a_bystander([] { return recurses_and_allocates(1); }); });
    CAPTURE(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("fatal error: goroutine stack overflow\n"));
    CHECK(std::chrono::steady_clock::now() - start < 60s);
}

TEST_CASE("an uncaught exception shows where it was thrown, and the other goroutines") {
    const Death death = death_of([] { beside_a_bystander([] { throws(); }); });
    CAPTURE(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("the disk is full"));
    CHECK(death.says("throws()\n\t"));
    CHECK(death.says(" \"bystander\", started at "));
}

TEST_CASE("of two fatal errors at once each says what it is, and one tells of all goroutines") {
    const Death death = death_of([] {
        gofer::run(fixture::with_workers(4), [] {
            std::atomic<int> ready{0};
            gofer::Mutex mutex;
            gofer::RWMutex rw_mutex;
            gofer::WaitGroup wg;
            const auto together = [&](auto die) {
                wg.go([&ready, die] {
                    ++ready;
                    while (ready < 2) std::this_thread::yield();
                    die();
                });
            };
            together([&] { mutex.unlock(); });
            together([&] { rw_mutex.unlock(); });
            wg.wait();
        });
    });
    CAPTURE(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("fatal error: gofer: unlock of "));
    CHECK(count(death.message, "all goroutines:\n") == 1);
}

TEST_CASE("a second fatal error lets the last act of the first come to its end") {
    const Death death = death_of([] {
        static std::atomic<bool> acts{false}, second_is_heard{false};
        static const gofer::base::LastWords words = gofer::base::last_words();
        gofer::run([] {}); // so that there is a monitor, which says all there is to be said
        gofer::base::last_act() = []() noexcept {
            gofer::base::last_words() = []() noexcept {
                second_is_heard = true;
                words();
            };
            acts = true;
            for (int i = 0; i < 6000 && !second_is_heard; ++i) std::this_thread::sleep_for(10ms);
            std::this_thread::sleep_for(200ms);
            gofer::base::say("the last act is over\n");
        };
        std::thread second{[] {
            while (!acts) std::this_thread::yield();
            gofer::base::fatal("gofer: second");
        }};
        gofer::base::fatal("gofer: first");
    });
    CAPTURE(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("fatal error: gofer: second\n"));
    CHECK(death.says("the last act is over\n"));
}

TEST_CASE("a fatal error under the lock of the registry ends in time") {
    const auto start = std::chrono::steady_clock::now();
    const Death death = death_of([] {
        beside_a_bystander([] {
            gofer::sched::Monitor::instance().for_each([](auto&) { gofer::base::fatal("gofer: planted"); });
        });
    });
    CAPTURE(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("fatal error: gofer: planted\n"));
    CHECK(death.says(" \"bystander\", started at "));
    CHECK(std::chrono::steady_clock::now() - start < 60s);
}

TEST_CASE("a fatal error while goroutines are held ends in time") {
    const Death death = death_of([] {
        beside_a_bystander([] {
            gofer::debug::for_each_goroutine([](const auto&, auto&, bool) { gofer::base::fatal("gofer: planted"); },
                                             [](const auto&, auto&) {});
        });
    });
    CAPTURE(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("fatal error: gofer: planted\n"));
    CHECK(death.says("all goroutines:\n"));
}

TEST_CASE("an exception out of a goroutine that is unwound takes no words from a later error") {
    const Death death = death_of([] {
        auto options = fixture::with_workers(2);
        options.shutdown_grace = 1ms;
        options.leaks = gofer::Leaks::unwind;
        gofer::run(options, [] {
            gofer::go({.name = "thrower"}, [] {
                try {
                    gofer::Channel<int>{}.receive();
                } catch (...) {
                    throws();
                }
            });
            fixture::parked_reaches(1);
        });
        gofer::Mutex mutex;
        unlocks(mutex);
    });
    CAPTURE(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("the disk is full"));
    const std::size_t error = death.message.find("fatal error: gofer: unlock of a Mutex that is not locked");
    REQUIRE(error != std::string::npos);
    CHECK(death.message.find("unlocks(gofer::Mutex&)", error) != std::string::npos);
}

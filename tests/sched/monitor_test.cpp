// The monitor's thread: what it is sent to do.
#include <atomic>
#include <thread>

#include <gofer/gofer.hpp>

#include "support/catch.hpp"
#include "support/leaks.hpp"

TEST_CASE("of errands that wait for the monitor none is lost to another") {
    static std::atomic<bool> begun{false}, let_go{false}, first{false}, second{false};
    auto& monitor = gofer::sched::Monitor::instance();
    monitor.start();
    REQUIRE(fixture::eventually([&] { return monitor.runs(); }));
    REQUIRE(monitor.send([]() noexcept {
        begun = true;
        while (!let_go) std::this_thread::yield();
    }));
    REQUIRE(fixture::eventually([] { return begun.load(); }));
    CHECK(monitor.send([]() noexcept { first = true; }));
    CHECK(monitor.send([]() noexcept { second = true; }));
    let_go = true;
    CHECK(fixture::eventually([] { return second.load(); }));
    CHECK(fixture::eventually([] { return first.load(); }));
}

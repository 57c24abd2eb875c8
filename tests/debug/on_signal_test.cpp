// dump_on_signal, in a process of its own.
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;
using fixture::Death;
using fixture::death_of;

TEST_CASE("the signal has all goroutines written to stderr, and the process goes on") {
    const Death death = death_of([] {
        gofer::dump_on_signal(SIGQUIT);
        gofer::run(fixture::with_workers(2), [] {
            const gofer::Channel<int> c;
            gofer::WaitGroup wg;
            wg.go({.name = "reader"}, [&] { c.receive(); });
            fixture::parked_reaches(1);
            ::raise(SIGQUIT);
            gofer::sleep_for(200ms); // it is written some time from now
            ::raise(SIGQUIT);
            gofer::sleep_for(200ms);
            c.close();
            wg.wait();
        });
        gofer::base::say("went on\n");
    });
    CAPTURE(death.message);
    CHECK(death.signal == 0);
    CHECK(death.says("  \"reader\": receive on channel 0x"));
    CHECK(death.says("  \"main\": "));
    CHECK(death.says("went on\n"));
    const std::size_t first = death.message.find("\"reader\"");
    CHECK(death.message.find("\"reader\"", first + 1) != std::string::npos);
}

TEST_CASE("the signal is answered on a process without goroutines, too") {
    const Death death = death_of([] {
        gofer::dump_on_signal(SIGQUIT);
        ::raise(SIGQUIT);
        std::this_thread::sleep_for(200ms);
    });
    CAPTURE(death.message);
    CHECK(death.signal == 0);
    CHECK(death.says("gofer: no goroutines\n"));
}

TEST_CASE("dump_on_signal refuses a signal that cannot be caught") {
    CHECK_THROWS_AS(gofer::dump_on_signal(SIGKILL), std::invalid_argument);
}

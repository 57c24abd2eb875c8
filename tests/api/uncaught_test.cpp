// An exception that leaves a goroutine ends the process with one clear message.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"

TEST_CASE("an uncaught exception of a goroutine names the goroutine and the error, and terminates") {
    const auto death = fixture::death_of([] {
        gofer::run([] {
            gofer::WaitGroup wg;
            wg.go({.name = "unlucky"}, [] { throw std::runtime_error{"the disk is full"}; });
            wg.wait();
        });
    });
    INFO(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("unlucky"));
    CHECK(death.says("the disk is full"));
    CHECK(death.says("uncaught_test.cpp"));
}

TEST_CASE("an uncaught exception terminates also after the goroutine parked") {
    const auto death = fixture::death_of([] {
        gofer::run([] {
            const gofer::Channel<int> c;
            gofer::go([c] {
                c.receive();
                throw std::runtime_error{"woken to fail"};
            });
            c.send(1);
            gofer::sleep_for(std::chrono::hours{1});
        });
    });
    INFO(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("woken to fail"));
}

TEST_CASE("an uncaught exception terminates before any destructor of the goroutine runs") {
    const auto death = fixture::death_of([] {
        gofer::run([] {
            gofer::WaitGroup wg;
            wg.go([] {
                const gofer::Defer later{[] { std::fputs("unwound\n", stderr); }};
                throw 42;
            });
            wg.wait();
        });
    });
    INFO(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK_FALSE(death.says("unwound"));
}

TEST_CASE("a terminate handler that the user set still runs, after the message") {
    const auto death = fixture::death_of([] {
        std::set_terminate([] {
            std::fputs("the user's handler\n", stderr);
            std::abort();
        });
        gofer::run([] {
            gofer::WaitGroup wg;
            wg.go([] { throw std::runtime_error{"reason"}; });
            wg.wait();
        });
    });
    INFO(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("reason"));
    CHECK(death.says("the user's handler"));
}

TEST_CASE("an exception that run's own function throws is its caller's to catch") {
    const auto death = fixture::death_of([] {
        try {
            gofer::run([] { throw std::runtime_error{"caught"}; });
        } catch (const std::runtime_error& error) {
            std::fputs(error.what(), stderr);
        }
    });
    CHECK(death.signal == 0);
    CHECK(death.says("caught"));
}

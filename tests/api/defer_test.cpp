// Defer: Go's defer as a scope guard.
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

TEST_CASE("a deferred function runs at the end of its scope, the last one first") {
    std::string order;
    {
        gofer::Defer first{[&] { order += 'a'; }};
        gofer::Defer second{[&] { order += 'b'; }};
        order += 'c';
    }
    CHECK(order == "cba");
}

TEST_CASE("a deferred function runs when an exception leaves the scope") {
    int ran = 0;
    CHECK_THROWS_AS(
        [&] {
            gofer::Defer later{[&] { ++ran; }};
            throw std::runtime_error{"out"};
        }(),
        std::runtime_error);
    CHECK(ran == 1);
}

TEST_CASE("a deferred function may own what can only be moved") {
    int seen = 0;
    {
        gofer::Defer later{[&seen, p = std::make_unique<int>(3)] { seen = *p; }};
        CHECK(seen == 0);
    }
    CHECK(seen == 3);
}

TEST_CASE("a deferred done lets the waiter go on also when the goroutine's work throws") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        wg.add(2);
        int caught = 0;
        gofer::go([&] {
            try {
                gofer::Defer later{[&] { wg.done(); }};
                throw std::runtime_error{"work"};
            } catch (const std::runtime_error&) {
                ++caught;
                wg.done();
            }
        });
        wg.wait();
        VERIFY(caught == 1);
    });
}

TEST_CASE("a deferred function may block, while an exception is in flight too") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::string> c;
        gofer::WaitGroup wg;
        wg.go([c] {
            try {
                gofer::Defer later{[c] { c.send("deferred"); }};
                throw std::runtime_error{"in flight"};
            } catch (const std::runtime_error& error) {
                c.send(error.what());
            }
        });
        VERIFY(c.receive() == "deferred");
        VERIFY(c.receive() == "in flight");
        wg.wait();
    });
}

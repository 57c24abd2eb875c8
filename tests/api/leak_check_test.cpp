// testing::LeakCheck: what users' own tests find leaks with.
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <gofer/gofer.hpp>
#include <gofer/testing.hpp>

#include "support/catch.hpp"
#include "support/dies.hpp"
#include "support/fixture.hpp"

namespace {

using namespace std::chrono_literals;
using gofer::testing::LeakCheck;

/// What a check finds of that which f leaves behind.
template <class F>
std::vector<std::string> found(F f, std::chrono::milliseconds grace = 5ms) {
    std::vector<std::string> reports;
    {
        LeakCheck leaks([&reports](const std::string& what) { reports.push_back(what); }, grace);
        f();
    }
    return reports;
}

} // namespace

TEST_CASE("LeakCheck says nothing when every goroutine has ended") {
    fixture::at_each_worker_count([] {
        const auto reports = found([] {
            gofer::WaitGroup wg;
            for (int i = 0; i < 100; ++i) wg.go([] { gofer::yield(); });
            wg.wait();
        }, 60s);
        VERIFY(reports.empty());
    });
}

TEST_CASE("LeakCheck names a goroutine that is left with its place and what it waits for") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        const auto reports = found([c] {
            gofer::go({.name = "forgotten"}, [c] { c.receive(); });
            fixture::parked_reaches(1); // one that has not started yet has no name
        });
        VERIFY(reports.size() == 1);
        VERIFY(reports[0].find("\"forgotten\", started at ") != std::string::npos);
        VERIFY(reports[0].find("leak_check_test.cpp:") != std::string::npos);
        c.send(1);
    });
}

TEST_CASE("LeakCheck waits for a goroutine that is about to end") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        const auto reports = found([c] {
            gofer::go([c] {
                c.receive();
                for (int i = 0; i < 20; ++i) gofer::yield();
            });
            c.send(1);
        }, 60s);
        VERIFY(reports.empty());
    });
}

TEST_CASE("LeakCheck does not mind goroutines that were there before") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go([c] { c.receive(); });
        const auto reports = found([] {}, 60s);
        VERIFY(reports.empty());
        c.send(1);
        wg.wait();
    });
}

TEST_CASE("LeakCheck sees goroutines that run, in any runtime and on any thread") {
    fixture::on_a_plain_thread([] {
        std::atomic<bool> stop{false};
        gofer::WaitGroup wg;
        const auto reports = found([&] {
            wg.go({.name = "runner"}, [&stop] {
                while (!stop) gofer::yield();
            });
        });
        stop = true;
        wg.wait();
        VERIFY(reports.size() == 1);
    });
}

TEST_CASE("LeakCheck checks once, when it is asked to") {
    fixture::on_a_plain_thread([] {
        const gofer::Channel<int> c;
        const auto reports = found([&] {
            std::vector<std::string> inner;
            LeakCheck leaks([&inner](const std::string& what) { inner.push_back(what); }, 5ms);
            gofer::go([c] { c.receive(); });
            VERIFY(!leaks.check());
            VERIFY(inner.size() == 1);
            c.send(1);
        }, 60s);
        VERIFY(reports.empty());
    });
}

TEST_CASE("LeakCheck keeps out of a test that has failed with an exception") {
    fixture::on_a_plain_thread([] {
        const gofer::Channel<int> c;
        std::vector<std::string> reports;
        try {
            LeakCheck leaks([&reports](const std::string& what) { reports.push_back(what); }, 5ms);
            gofer::go([c] { c.receive(); });
            throw std::runtime_error("the test has failed");
        } catch (const std::runtime_error&) {
            c.send(1);
        }
        VERIFY(reports.empty());
    });
}

TEST_CASE("a leak that is found by a LeakCheck without a report is a fatal error") {
    const auto death = fixture::death_of([] {
        LeakCheck leaks;
        const gofer::Channel<int> c;
        gofer::go({.name = "forgotten"}, [c] { c.receive(); });
        fixture::parked_reaches(1);
    });
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("\"forgotten\""));
    CHECK(death.says("fatal error: gofer: testing::LeakCheck"));
}

TEST_CASE("a LeakCheck fails a test of Catch2", "[!shouldfail]") {
    const gofer::Channel<int> c;
    {
        gofer::testing::LeakCheck leaks([](const std::string& what) { FAIL_CHECK(what); }, 5ms);
        gofer::go([c] { c.receive(); });
    }
    c.send(1);
}

// WaitGroup: add, done, wait and their timed form.
// After the ideas of golang/go src/sync/waitgroup_test.go.
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

constinit gofer::WaitGroup global_group;

/// n goroutines check in at one group and are held by the other, one release after the last.
void hold_and_release(gofer::WaitGroup& arrivals, gofer::WaitGroup& gate) {
    constexpr int n = 16;
    const gofer::Channel<gofer::Unit> passed(n);
    arrivals.add(n);
    gate.add(n);
    for (int i = 0; i < n; ++i) {
        gofer::go([&arrivals, &gate, passed] {
            arrivals.done();
            gate.wait();
            passed.send({});
        });
    }
    arrivals.wait();
    for (int i = 0; i < n; ++i) {
        VERIFY(passed.try_receive().empty());
        gate.done();
    }
    for (int i = 0; i < n; ++i) VERIFY(passed.receive().has_value());
}

} // namespace

TEST_CASE("wait returns at once when nothing was added") {
    fixture::at_each_worker_count([] { gofer::WaitGroup{}.wait(); });
}

TEST_CASE("wait holds everybody until the last done, and the group may be used again") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup arrivals, gate;
        for (int round = 0; round < 8; ++round) hold_and_release(arrivals, gate);
    });
}

TEST_CASE("a counter below zero throws std::logic_error that names WaitGroup") {
    gofer::WaitGroup wg;
    wg.add();
    wg.done();
    try {
        wg.done();
        FAIL("the counter went below zero");
    } catch (const std::logic_error& error) {
        CHECK(std::string{error.what()}.find("WaitGroup") != std::string::npos);
    }
    CHECK_THROWS_AS(gofer::WaitGroup{}.add(-1), std::logic_error);
}

TEST_CASE("add takes back with a negative count") {
    gofer::WaitGroup wg;
    wg.add(3);
    wg.add(-2);
    wg.done();
    wg.wait();
    CHECK(wg.wait_for(0ms));
}

TEST_CASE("what a goroutine did before done is seen after wait") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 300; ++i) {
            gofer::WaitGroup wg;
            int left = 0, right = 0;
            wg.add(2);
            gofer::go([&] {
                left = 1;
                wg.done();
            });
            gofer::go([&] {
                right = 2;
                wg.done();
            });
            wg.wait();
            VERIFY(left + right == 3);
        }
    });
}

TEST_CASE("wait_for tells whether the group was done in time") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        VERIFY(wg.wait_for(0ms));
        wg.add();
        VERIFY(!wg.wait_for(-1s));
        const auto start = gofer::Clock::now();
        VERIFY(!wg.wait_for(2ms));
        VERIFY(gofer::Clock::now() - start >= 2ms);
        gofer::WaitGroup waiting;
        waiting.go([&] { VERIFY(wg.wait_for(1h)); });
        waiting.go([&] { VERIFY(wg.wait_for(std::chrono::hours::max())); });
        fixture::parked_reaches(2);
        wg.done();
        waiting.wait();
        VERIFY(wg.wait_for(0ms));
    });
}

TEST_CASE("one that gave up waiting is not woken for it again") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        const gofer::Channel<int> c;
        wg.add();
        VERIFY(!wg.wait_for(100us));
        gofer::WaitGroup others;
        others.go([&] { wg.wait(); });
        others.go([&] { VERIFY(c.receive() == 1); });
        fixture::parked_reaches(2);
        wg.done();
        c.send(1);
        others.wait();
    });
}

TEST_CASE("a WaitGroup may be destroyed as soon as wait has returned") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 1000; ++i) {
            auto wg = std::make_unique<gofer::WaitGroup>();
            wg->add();
            gofer::go([group = wg.get()] { group->done(); });
            wg->wait();
            wg.reset();
        }
    });
}

TEST_CASE("a global WaitGroup is initialized before any code runs") {
    fixture::at_each_worker_count([] {
        std::atomic<int> ran{0};
        for (int i = 0; i < 5; ++i) global_group.go([&] { ++ran; });
        global_group.wait();
        VERIFY(ran == 5);
    });
}

TEST_CASE("plain threads wait for goroutines and goroutines for plain threads") {
    fixture::on_a_plain_thread([] {
        gofer::WaitGroup started, release, finished;
        std::atomic<int> passed{0};
        started.add(2);
        release.add();
        finished.add(2);
        const auto body = [&] {
            started.done();
            release.wait();
            ++passed;
            finished.done();
        };
        std::thread thread{body};
        gofer::go(body);
        started.wait();
        VERIFY(passed == 0);
        release.done();
        finished.wait();
        VERIFY(passed == 2);
        thread.join();
    });
}

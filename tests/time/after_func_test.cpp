// after_func: a goroutine that starts in a while, unless it is stopped.
// After the ideas of TestAfterFunc, TestAfterStop and TestAfterFuncStarvation in golang/go src/time/sleep_test.go.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("f runs once, in a goroutine of its own, not before its time") {
    fixture::at_each_worker_count([] {
        const auto start = gofer::Clock::now();
        const auto mine = gofer::this_goroutine::id();
        const gofer::Channel<std::uint64_t> ran(2);
        gofer::after_func(2ms, [=] { ran.send(gofer::this_goroutine::id()); });
        const auto id = ran.receive();
        VERIFY(gofer::Clock::now() >= start + 2ms);
        VERIFY(id && *id != 0 && *id != mine);
        VERIFY(!ran.receive_for(3ms));
    });
}

TEST_CASE("stopped before its time f never runs, and its closure is gone at once") {
    const auto in_time = [] {
        const auto ran = std::make_shared<std::atomic<bool>>(false);
        const auto start = gofer::Clock::now();
        auto stop = gofer::after_func(3ms, [ran] { *ran = true; });
        const bool stopped = stop();
        if (!stopped && gofer::Clock::now() - start >= 3ms) return false;
        VERIFY(stopped);
        VERIFY(ran.use_count() == 1);
        VERIFY(!stop());
        gofer::sleep_for(5ms);
        VERIFY(!*ran);
        return true;
    };
    fixture::at_each_worker_count([&in_time] {
        // On a machine under load its time may have come: then once more.
        bool was = false;
        for (int attempt = 0; attempt < 10 && !was; ++attempt) was = in_time();
        VERIFY(was);
    });
}

TEST_CASE("when f has started, stop says that it came too late") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> started, go_on;
        auto stop = gofer::after_func(0s, [=] {
            started.send(1);
            go_on.receive();
        });
        started.receive();
        VERIFY(!stop());
        go_on.send(1);
    });
}

TEST_CASE("a chain of calls, each started by the one before") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> done;
        struct Step {
            gofer::Channel<int> done;
            int left;
            void operator()() const {
                if (left == 0)
                    done.send(1);
                else
                    gofer::after_func(100us, Step{done, left - 1});
            }
        };
        gofer::after_func(0s, Step{done, 20});
        VERIFY(done.receive() == 1);
    });
}

TEST_CASE("f may block and hold what can only be moved") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::after_func(1ms, [c, value = std::make_unique<int>(5)] { c.send(*value); });
        gofer::sleep_for(2ms);
        VERIFY(c.receive() == 5);
    });
}

TEST_CASE("of many stops at once, at most one is true, and never when f runs") {
    fixture::at_each_worker_count([] {
        for (int round = 0; round < 50; ++round) {
            std::atomic<int> ran{0}, stopped{0};
            gofer::WaitGroup ended;
            auto stop = gofer::after_func(std::chrono::microseconds{round}, [&ran] { ++ran; });
            for (int i = 0; i < 4; ++i)
                ended.go([&stopped, stop] {
                    for (int k = 0; k < 20; ++k) {
                        stopped += stop();
                        gofer::yield();
                    }
                });
            ended.wait();
            VERIFY(fixture::eventually([&] { return ran + stopped == 1; }));
        }
    });
}

TEST_CASE("dropping stop changes nothing") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c(1);
        { const auto stop = gofer::after_func(1ms, [c] { c.send(1); }); }
        VERIFY(c.receive() == 1);
    });
}

TEST_CASE("many calls run all, those that are not stopped") {
    fixture::at_each_worker_count([] {
        constexpr int calls = 500;
        std::atomic<int> ran{0};
        std::vector<decltype(gofer::after_func(1s, [] {}))> stops;
        for (int i = 0; i < calls; ++i)
            stops.push_back(gofer::after_func(std::chrono::microseconds{i * 7 % 3000}, [&ran] { ++ran; }));
        int stopped = 0;
        for (int i = 0; i < calls; i += 3) stopped += stops[static_cast<std::size_t>(i)]();
        VERIFY(fixture::eventually([&] { return ran + stopped == calls; }));
    });
}

TEST_CASE("after_func from a plain thread runs in the default runtime") {
    std::atomic<bool> ran{false};
    gofer::after_func(1ms, [&ran] { ran = gofer::this_goroutine::inside(); });
    CHECK(fixture::eventually([&] { return ran.load(); }));
    auto stop = gofer::after_func(1h, [] {});
    std::thread{[&] { CHECK(stop()); }}.join();
}

TEST_CASE("f that someone still can stop runs after the end of its runtime, in the default one") {
    static std::atomic<int> ran;
    ran = 0;
    const auto stop = gofer::run([] { return gofer::after_func(5ms, [] { ++ran; }); });
    CHECK(fixture::eventually([] { return ran == 1; }));
    CHECK_FALSE(stop());
    const auto other = gofer::run([] { return gofer::after_func(1h, [] { ++ran; }); });
    CHECK(other());
}

TEST_CASE("f that nobody can stop any more does not outlive its runtime") {
    static std::atomic<int> ran;
    auto delay = 3ms;
    for (bool in_time = false; !in_time; delay *= 2) { // on a slow machine the time may be over before the runtime is
        ran = 0;
        const auto start = gofer::Clock::now();
        gofer::run([delay] { gofer::after_func(delay, [] { ++ran; }); });
        in_time = gofer::Clock::now() < start + delay;
    }
    gofer::sleep_for(delay);
    CHECK(ran == 0);
}

TEST_CASE("a name can be given to the goroutine, and it is known where it was asked for") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::string> name;
        gofer::after_func(0s, [name] {
            gofer::this_goroutine::set_name("late");
            name.send(gofer::this_goroutine::name());
        });
        VERIFY(name.receive() == "late");
    });
}

TEST_CASE("blocking code uses timers as plain threads do, and its calls run in its runtime") {
    fixture::at_each_worker_count([] {
        const gofer::Runtime* mine = &gofer::Runtime::current();
        gofer::blocking([mine] {
            VERIFY(gofer::after(1ms).receive());
            const gofer::Channel<bool> at_home(1);
            gofer::after_func(1ms, [=] { at_home.send(&gofer::Runtime::current() == mine); });
            VERIFY(at_home.receive() == true);
            auto stop = gofer::after_func(1h, [] {});
            VERIFY(stop());
        });
    });
}

// Once: done exactly once; a throwing call leaves it not done.
// After the ideas of golang/go src/sync/once_test.go.
#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

constinit gofer::Once global_once;

} // namespace

TEST_CASE("of many that call, one runs its function, and all see what it did") {
    fixture::at_each_worker_count([] {
        gofer::Once once;
        int calls = 0;
        gofer::WaitGroup wg;
        for (int i = 0; i < 20; ++i) {
            wg.go([&] {
                once.call([&] { ++calls; });
                VERIFY(calls == 1);
            });
        }
        wg.wait();
        once.call([&] { ++calls; });
        VERIFY(calls == 1);
    });
}

TEST_CASE("nobody goes on before the function has returned") {
    fixture::at_each_worker_count([] {
        gofer::Once once;
        std::atomic<bool> finished{false};
        gofer::WaitGroup wg;
        const gofer::Channel<gofer::Unit> gate;
        for (int i = 0; i < 5; ++i) {
            wg.go([&] {
                once.call([&] {
                    gate.receive();
                    finished = true;
                });
                VERIFY(finished);
            });
        }
        fixture::parked_reaches(5);
        gate.close();
        wg.wait();
    });
}

TEST_CASE("a function that throws leaves it not done, and the next in turn calls its own") {
    fixture::at_each_worker_count([] {
        gofer::Once once;
        std::atomic<int> tries{0}, thrown{0};
        gofer::WaitGroup wg;
        for (int i = 0; i < 8; ++i) {
            wg.go([&] {
                try {
                    once.call([&] {
                        gofer::yield();
                        if (++tries < 4) throw std::runtime_error{"not yet"};
                    });
                } catch (const std::runtime_error&) {
                    ++thrown;
                }
            });
        }
        wg.wait();
        VERIFY(tries == 4 && thrown == 3);
    });
}

TEST_CASE("the function may be anything that can be called, and is not copied") {
    gofer::Once once;
    auto owned = [p = std::make_unique<int>(3)]() mutable { ++*p; return *p; };
    once.call(owned);
    once.call(std::move(owned));
    CHECK(owned() == 5);
}

TEST_CASE("a Once may be destroyed by any caller that finds it done") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 500; ++i) {
            auto once = std::make_unique<gofer::Once>();
            gofer::WaitGroup started;
            started.add();
            gofer::go([&started, o = once.get()] {
                o->call([&started] { started.done(); });
            });
            started.wait();
            once->call([] {});
            once.reset();
        }
    });
}

TEST_CASE("a global Once is initialized before any code runs, and shared with plain threads") {
    fixture::on_a_plain_thread([] {
        static int calls = 0;
        const auto body = [] {
            global_once.call([] { ++calls; });
            VERIFY(calls == 1);
        };
        gofer::WaitGroup wg;
        wg.go(body);
        std::thread thread{body};
        body();
        thread.join();
        wg.wait();
    });
}

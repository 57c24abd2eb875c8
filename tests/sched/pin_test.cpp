// this_goroutine::Pin: a goroutine that stays on its thread, whoever wakes it, and whatever the thieves do.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/hop.hpp"

using namespace std::chrono_literals;
using gofer::this_goroutine::Pin;

namespace {

/// Goroutines that come and go, so that others are stolen.
class Bustle {
public:
    Bustle() {
        for (int i = 0; i < 4; ++i)
            wg_.go([this] {
                while (!over_) {
                    gofer::WaitGroup wg;
                    for (int k = 0; k < 20; ++k) wg.go([] { gofer::yield(); });
                    wg.wait();
                }
            });
    }
    ~Bustle() {
        over_ = true;
        wg_.wait();
    }
    Bustle(const Bustle&) = delete;
    Bustle& operator=(const Bustle&) = delete;

private:
    std::atomic<bool> over_{false};
    gofer::WaitGroup wg_;
};

/// Calls step() often while pinned, and wants to be on the same thread each time.
template <class Step>
void stays(int times, Step step) {
    const Pin pin;
    const pid_t thread = fixture::thread_now();
    for (int i = 0; i < times; ++i) {
        step(i);
        if (!VERIFY(fixture::thread_now() == thread)) return;
    }
}

} // namespace

TEST_CASE("a pinned goroutine stays on its thread whatever it waits for") {
    fixture::at_each_worker_count([] {
        const Bustle bustle;
        const gofer::Channel<int> there, back;
        gofer::Mutex mutex;
        gofer::WaitGroup wg;
        wg.go([&] {
            for (int v : there) {
                const std::lock_guard<gofer::Mutex> guard{mutex};
                gofer::yield();
                back.send(v);
            }
        });
        wg.go([&] {
            stays(200, [&](int i) {
                there.send(i);
                VERIFY(back.receive() == i);
            });
            stays(200, [&](int) { gofer::yield(); });
            stays(10, [&](int) { gofer::sleep_for(1ms); });
            stays(50, [&](int) {
                const std::lock_guard<gofer::Mutex> guard{mutex};
                gofer::yield();
            });
            stays(20, [&](int) { gofer::blocking([] {}); });
            there.close();
        });
        wg.wait();
    });
}

TEST_CASE("many that are pinned at once all stay, and are released together") {
    fixture::at_each_worker_count([] {
        const Bustle bustle;
        gofer::WaitGroup wg;
        for (int round = 0; round < 5; ++round) {
            const gofer::Channel<int> gate;
            for (int i = 0; i < 20; ++i) wg.go([gate] { stays(1, [gate](int) { gate.receive(); }); });
            gofer::sleep_for(1ms);
            gate.close();
        }
        wg.wait();
    });
}

TEST_CASE("a pinned goroutine is woken by a plain thread, and by the other runtime, onto its thread") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        std::thread outside{[c] {
            for (int i = 0; i < 100; ++i) c.send(i);
        }};
        stays(100, [c](int i) { VERIFY(c.receive() == i); });
        outside.join();
    });
}

TEST_CASE("pins nest, and without one a goroutine moves again") {
    auto main = [] {
        {
            const Pin outer;
            {
                const Pin inner;
            }
            stays(100, [](int) { gofer::yield(); });
        }
        fixture::hop();
    };
    fixture::at_workers(2, main);
}

TEST_CASE("a pinned goroutine waits while its thread computes") {
    auto main = [] {
        std::atomic<bool> over{false};
        std::atomic<int> woken{0};
        gofer::WaitGroup wg;
        wg.go([&] {
            stays(1, [&](int) {
                wg.go([&over] {
                    while (!over.load(std::memory_order_relaxed)) {
                    }
                });
                gofer::sleep_for(1ms);
            });
            ++woken;
        });
        gofer::sleep_for(40ms);
        over = true;
        wg.wait();
        VERIFY(woken == 1);
    };
    for (const unsigned workers : {1U, 2U}) fixture::at_workers(workers, main);
}

TEST_CASE("one that is pinned to a stand-in keeps its thread when the stuck are back") {
    auto main = [] {
        std::atomic<bool> over{false};
        gofer::WaitGroup holder, pinned;
        holder.go([&over] {
            while (!over.load(std::memory_order_relaxed)) {
            }
        });
        gofer::sleep_for(30ms); // from here on a stand-in
        for (int i = 0; i < 5; ++i)
            pinned.go([&] {
                stays(100, [&](int k) {
                    gofer::sleep_for(200us);
                    if (k == 20) over = true;
                });
                stays(1, [](int) { gofer::sleep_for(2500ms); }); // longer than a stand-in rests
            });
        pinned.wait();
        holder.wait();
    };
    fixture::at_workers(1, main);
}

TEST_CASE("one that is pinned to a stand-in is woken at the moment when that goes to rest") {
    auto main = [] {
        constexpr int times = 5000;
        const gofer::Channel<int> c;
        std::atomic<bool> over{false};
        gofer::WaitGroup wg;
        wg.go([&over] {
            while (!over.load(std::memory_order_relaxed)) {
            }
        });
        gofer::sleep_for(30ms); // from here on a stand-in
        stays(1, [&](int) {
            over = true; // from here on it rests between any two values
            std::thread outside{[c] {
                for (int i = 0; i < times; ++i) c.send(i);
            }};
            for (int i = 0; i < times; ++i) VERIFY(c.receive() == i);
            outside.join();
        });
        wg.wait();
    };
    fixture::at_workers(1, main);
}

TEST_CASE("a pin outside of goroutines does nothing") {
    const Pin pin;
    CHECK_FALSE(gofer::this_goroutine::inside());
}

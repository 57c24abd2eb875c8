// A Mutex that two runtimes share, when one of them ends.
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

gofer::RuntimeOptions one_worker() {
    gofer::RuntimeOptions options;
    options.workers = 1;
    options.shutdown_grace = std::chrono::milliseconds{0};
    return options;
}

bool parked(const gofer::Runtime& runtime, std::size_t n) {
    return fixture::eventually([&] { return runtime.stats().parked >= n; });
}

/// Static: those that are abandoned refer to it for ever.
struct Scene {
    gofer::Mutex mutex;
    std::atomic<bool> hogging{false}, over{false}, served{false};

    void lock_and_unlock() {
        mutex.lock();
        served = true;
        mutex.unlock();
    }
    /// Keeps the one worker of a runtime busy.
    void hog(gofer::Runtime& runtime) {
        runtime.go([this] {
            hogging = true;
            while (!over) std::this_thread::yield();
        });
        CHECK(fixture::eventually([this] { return hogging.load(); }));
    }
};

/// Returns when all that is left of both is the stack of the one that is abandoned.
template <class Body>
void with_runtimes(Body body) {
    const auto before = gofer::debug::census().stacks;
    {
        gofer::Runtime dying{one_worker()}, living{one_worker()};
        body(dying, living);
    }
    CHECK(fixture::eventually([&] { return gofer::debug::census().stacks == before + 1; }));
}

} // namespace

TEST_CASE("a Mutex goes on when the runtime of the one it has woken ends before that one runs") {
    static Scene scene;
    with_runtimes([](gofer::Runtime& dying, gofer::Runtime& living) {
        scene.mutex.lock();
        dying.go([] { scene.lock_and_unlock(); });
        CHECK(parked(dying, 1));
        living.go([] { scene.lock_and_unlock(); });
        CHECK(parked(living, 1));
        scene.hog(dying);
        scene.mutex.unlock(); // wakes the first, which cannot run
        dying.shutdown();
        CHECK(fixture::eventually([] { return scene.served.load(); }));
        scene.over = true;
    });
    CHECK(scene.mutex.try_lock());
}

TEST_CASE("one that comes to a Mutex after such an end waits no longer than it is held") {
    static Scene scene;
    with_runtimes([](gofer::Runtime& dying, gofer::Runtime& living) {
        scene.mutex.lock();
        dying.go([] { scene.lock_and_unlock(); });
        CHECK(parked(dying, 1));
        scene.hog(dying);
        scene.mutex.unlock();
        dying.shutdown();
        CHECK(scene.mutex.try_lock());
        living.go([] { scene.lock_and_unlock(); });
        CHECK(parked(living, 1));
        scene.mutex.unlock();
        CHECK(fixture::eventually([] { return scene.served.load(); }));
        scene.over = true;
    });
    CHECK(scene.mutex.try_lock());
}

TEST_CASE("goroutines of several runtimes and plain threads share a Mutex") {
    fixture::on_a_plain_thread([] {
        gofer::Mutex mutex;
        int counter = 0;
        const auto count = [&] {
            for (int i = 0; i < 500; ++i) {
                std::lock_guard guard{mutex};
                ++counter;
                if (i % 50 == 0) gofer::yield();
            }
        };
        const auto count_in_a_runtime = [&](unsigned workers) {
            gofer::run(fixture::with_workers(workers), [&] {
                gofer::WaitGroup wg;
                for (int g = 0; g < 3; ++g) wg.go(count);
                wg.wait();
            });
        };
        gofer::WaitGroup wg;
        std::thread one{count_in_a_runtime, 1U}, two{count_in_a_runtime, 2U};
        wg.go(count);
        count();
        wg.wait();
        one.join();
        two.join();
        VERIFY(counter == 8 * 500);
    });
}

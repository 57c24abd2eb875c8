// A Mutex that two runtimes share, when one of them ends.
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

std::unique_ptr<gofer::Runtime> one_worker() {
    gofer::RuntimeOptions options;
    options.workers = 1;
    options.shutdown_grace = std::chrono::milliseconds{0};
    return std::make_unique<gofer::Runtime>(options);
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
    void hog() {
        hogging = true;
        while (!over) std::this_thread::yield();
    }
};

} // namespace

TEST_CASE("a Mutex goes on when the runtime of the one it has woken ends before that one runs") {
    static Scene scene;
    const auto dying = one_worker(), living = one_worker();
    scene.mutex.lock();
    dying->go([] { scene.lock_and_unlock(); });
    CHECK(parked(*dying, 1));
    living->go([] { scene.lock_and_unlock(); });
    CHECK(parked(*living, 1));
    dying->go([] { scene.hog(); });
    CHECK(fixture::eventually([&] { return scene.hogging.load(); }));
    scene.mutex.unlock(); // wakes the first, which cannot run
    dying->shutdown();
    CHECK(fixture::eventually([&] { return scene.served.load(); }));
    CHECK(scene.mutex.try_lock());
    scene.over = true;
}

TEST_CASE("one that comes to a Mutex after such an end waits no longer than it is held") {
    static Scene scene;
    const auto dying = one_worker(), living = one_worker();
    scene.mutex.lock();
    dying->go([] { scene.lock_and_unlock(); });
    CHECK(parked(*dying, 1));
    dying->go([] { scene.hog(); });
    CHECK(fixture::eventually([&] { return scene.hogging.load(); }));
    scene.mutex.unlock();
    dying->shutdown();
    CHECK(scene.mutex.try_lock());
    living->go([] { scene.lock_and_unlock(); });
    CHECK(parked(*living, 1));
    scene.mutex.unlock();
    CHECK(fixture::eventually([&] { return scene.served.load(); }));
    scene.over = true;
}

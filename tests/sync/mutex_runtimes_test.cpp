// A Mutex that two runtimes share, when one of them ends.
#include <array>
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

/// A Mutex that is held, and one goroutine of each of two runtimes that comes to it. The one of the runtime that dies
/// is to be woken when it cannot run, for the one worker there is kept busy.
class Scene {
public:
    gofer::Mutex mutex;
    std::atomic<bool> dying_served{false}, living_served{false};
    bool free_at_once{true};

    void come(gofer::Runtime& runtime, std::atomic<bool>& served) {
        runtime.go([this, &served] {
            mutex.lock();
            served = true;
            mutex.unlock();
        });
        CHECK(parked(runtime, 1));
    }
    /// Wakes the one that waits in the runtime, and has that end.
    void wake_and_end(gofer::Runtime& dying) {
        dying.go([this] {
            hogging_ = true;
            while (!over_) std::this_thread::yield();
        });
        CHECK(fixture::eventually([this] { return hogging_.load(); }));
        mutex.unlock();
        dying.shutdown();
    }
    void await_the_living() {
        CHECK(fixture::eventually([this] { return living_served.load(); }));
        over_ = true;
    }
    bool becomes_free() {
        return fixture::eventually([this] { return mutex.try_lock(); });
    }

private:
    std::atomic<bool> hogging_{false}, over_{false};
};

/// Static: those that are abandoned refer to it for ever.
using Scenes = std::array<Scene, 10>;

/// Plays body with a fresh scene until it went as planned: on a machine under load a stand-in may come for the worker
/// that is kept busy, and run the one that was woken. All that is left each time is the stack of the one that is
/// abandoned.
template <class Body>
void play(Scenes& scenes, Body body) {
    for (Scene& scene : scenes) {
        const auto before = gofer::debug::census().stacks;
        {
            gofer::Runtime dying{one_worker()}, living{one_worker()};
            scene.mutex.lock();
            body(scene, dying, living);
        }
        CHECK(fixture::eventually([&] { return gofer::debug::census().stacks == before + !scene.dying_served; }));
        if (scene.dying_served) {
            CHECK(scene.becomes_free());
            continue;
        }
        CHECK(scene.free_at_once);
        CHECK(scene.mutex.try_lock());
        return;
    }
    FAIL("it never went as planned");
}

} // namespace

TEST_CASE("a Mutex goes on when the runtime of the one it has woken ends before that one runs") {
    static Scenes scenes;
    play(scenes, [](Scene& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        scene.come(dying, scene.dying_served);
        scene.come(living, scene.living_served);
        scene.wake_and_end(dying); // the first, which cannot run
        scene.await_the_living();
    });
}

TEST_CASE("one that comes to a Mutex after such an end waits no longer than it is held") {
    static Scenes scenes;
    play(scenes, [](Scene& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        scene.come(dying, scene.dying_served);
        scene.wake_and_end(dying);
        scene.free_at_once = scene.mutex.try_lock();
        if (!scene.free_at_once) CHECK(scene.becomes_free());
        scene.come(living, scene.living_served);
        scene.mutex.unlock();
        scene.await_the_living();
    });
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

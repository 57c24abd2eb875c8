// A Mutex that two runtimes share, when one of them ends.
#include <array>
#include <atomic>
#include <mutex>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dying_runtime.hpp"
#include "../support/fixture.hpp"

namespace {

/// A Mutex that is held, and one goroutine of each of two runtimes that comes to it.
class Scene : public fixture::Deathbed {
public:
    gofer::Mutex mutex;
    bool free_at_once{true};
    gofer::WaitGroup dying_ends;

    void begin() { mutex.lock(); }
    void come(gofer::Runtime& dying) {
        dying.go([this] {
            mutex.lock();
            dying_served = true;
            mutex.unlock();
        });
        await_parked(dying);
    }
    /// It says that it was served when it has let go: its runtime gives it no time after that. It keeps the Mutex as long as
    /// `dying_ends` says, so that nobody in that runtime is handed it, and takes it along.
    void come_to_live(gofer::Runtime& living) {
        living.go([this] {
            mutex.lock();
            dying_ends.wait();
            mutex.unlock();
            living_served = true;
        });
        await_parked(living);
    }
    /// Wakes the one that waits in the runtime, and has that end.
    void wake_and_end(gofer::Runtime& dying) {
        keep_busy(dying);
        mutex.unlock();
        dying.shutdown();
    }
    /// Another runtime ends with a goroutine left, so whoever relies on others looks again, and waits once more.
    static void have_look_again(const gofer::Runtime& runtime) {
        const auto before = runtime.stats().parks;
        auto options = fixture::one_worker_without_grace();
        options.leaks = gofer::Leaks::unwind;
        gofer::Runtime other{options};
        other.go([] { gofer::select(); });
        await_parked(other);
        other.shutdown();
        CHECK(fixture::eventually([&] { return runtime.stats().parks > before; }));
        await_parked(runtime);
    }
    void await_the_living() { await_service(); }
    bool becomes_free() {
        return fixture::eventually([this] { return mutex.try_lock(); });
    }
    void end() {
        if (dying_served) {
            CHECK(becomes_free());
        } else {
            CHECK(free_at_once);
            CHECK(mutex.try_lock());
        }
    }
};

using Scenes = std::array<Scene, 10>;

} // namespace

TEST_CASE("a Mutex goes on when the runtime of the one it has woken ends before that one runs") {
    static Scenes scenes;
    fixture::play(scenes, [](Scene& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        scene.come(dying);
        scene.come_to_live(living);
        scene.wake_and_end(dying); // the first, which cannot run
        scene.await_the_living();
    });
}

TEST_CASE("one that comes to a Mutex after such an end waits no longer than it is held") {
    static Scenes scenes;
    fixture::play(scenes, [](Scene& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        scene.come(dying);
        scene.wake_and_end(dying);
        scene.free_at_once = scene.mutex.try_lock();
        if (!scene.free_at_once) CHECK(scene.becomes_free());
        scene.come_to_live(living);
        scene.mutex.unlock();
        scene.await_the_living();
    });
}

// The first to come does not know that there are others, so it is not told when their runtime ends.
TEST_CASE("one that looks again at a Mutex, as some runtime has ended, does not get ahead of those who are not told") {
    static Scenes scenes;
    fixture::play(scenes, [](Scene& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        scene.dying_ends.add(1);
        scene.come_to_live(living);
        scene.come(dying);
        scene.have_look_again(dying);
        scene.wake_and_end(dying);
        scene.dying_ends.done();
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

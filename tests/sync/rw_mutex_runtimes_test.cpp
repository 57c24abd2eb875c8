// An RWMutex that several runtimes share, when one of them ends.
#include <array>
#include <atomic>
#include <cstddef>

#include <gofer/gofer.hpp>

#include "../support/apart.hpp"
#include "../support/catch.hpp"
#include "../support/dying_runtime.hpp"
#include "../support/fixture.hpp"

namespace {

/// An RWMutex that is held for reading, and a goroutine of the runtime that ends that wants to write.
class HeldForReading : public fixture::Deathbed {
public:
    using Deathbed::await_parked;

    gofer::RWMutex mutex;
    std::atomic<int> readers{0}, writers{0};

    void begin() { mutex.lock_shared(); }
    void want_to_write(gofer::Runtime& dying) {
        dying.go([this] {
            mutex.lock();
            dying_served = true;
        });
        await_parked(dying);
    }
    void read() {
        mutex.lock_shared();
        ++readers;
        mutex.unlock_shared();
    }
    void read_in(gofer::Runtime& runtime, std::size_t parked) {
        runtime.go([this] { read(); });
        await_parked(runtime, parked);
    }
    void write_in(gofer::Runtime& runtime, std::size_t parked) {
        runtime.go([this] {
            mutex.lock();
            ++writers;
            mutex.unlock();
        });
        await_parked(runtime, parked);
    }
    /// One that gives up when the context ends.
    void want_to_write_until(gofer::Runtime& runtime, const gofer::Context& ctx) {
        runtime.go([this, ctx] {
            if (mutex.lock(ctx)) ++writers;
        });
        await_parked(runtime, 1);
    }
    void await_sleep_of_a_thread() const { Deathbed::await_sleep_of_a_thread(&mutex); }
    void await_readers(int n) {
        CHECK(fixture::eventually([&] { return readers == n; }));
    }
    void end() {
        CHECK(!dying_served);
        mutex.unlock_shared();
        CHECK(fixture::eventually([this] { return mutex.try_lock(); }));
        mutex.unlock();
    }
};

} // namespace

TEST_CASE("readers behind a writer whose runtime ends are let in beside those that read") {
    static std::array<HeldForReading, 1> scenes;
    fixture::play(scenes, [](HeldForReading& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        scene.want_to_write(dying);
        scene.read_in(living, 1);
        scene.read_in(living, 2);
        dying.shutdown();
        scene.await_readers(2);
    });
}

TEST_CASE("a plain thread that would read behind a writer whose runtime ends is let in beside those that read") {
    static std::array<HeldForReading, 1> scenes;
    fixture::play(scenes, [](HeldForReading& scene, gofer::Runtime& dying, gofer::Runtime&) {
        scene.want_to_write(dying);
        const fixture::Apart thread{[&scene] { scene.read(); }};
        scene.await_sleep_of_a_thread();
        dying.shutdown();
        scene.await_readers(1);
    });
}

TEST_CASE("a reader that the end of a runtime makes look again waits for the next writer") {
    static std::array<HeldForReading, 1> scenes;
    fixture::play(scenes, [](HeldForReading& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        scene.want_to_write(dying);
        scene.write_in(living, 1);
        scene.read_in(living, 2);
        const auto before = living.stats().parks;
        dying.shutdown();
        CHECK(fixture::eventually([&] { return living.stats().parks > before; }));
        scene.await_parked(living, 2);
        CHECK(scene.readers == 0);
        scene.mutex.unlock_shared();
        scene.await_readers(1);
        CHECK(scene.writers == 1);
        scene.mutex.lock_shared();
    });
}

// It came when all that waited were of its own runtime, so it is not told when another one ends.
TEST_CASE("a reader waits for no second writer, whose runtime may end, when the first gives up") {
    static std::array<HeldForReading, 1> scenes;
    fixture::play(scenes, [](HeldForReading& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        auto [ctx, cancel] = gofer::with_cancel(gofer::Context::background());
        scene.want_to_write_until(living, ctx);
        scene.read_in(living, 2);
        scene.want_to_write(dying);
        cancel();
        dying.shutdown();
        scene.await_readers(1);
    });
}

TEST_CASE("a reader may come when the last writer that will run has given up, whoever is left in line") {
    static std::array<HeldForReading, 1> scenes;
    fixture::play(scenes, [](HeldForReading& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        auto [ctx, cancel] = gofer::with_cancel(gofer::Context::background());
        scene.want_to_write_until(living, ctx);
        scene.want_to_write(dying);
        dying.shutdown();
        cancel();
        scene.await_parked(living, 0);
        const bool came_in = fixture::eventually([&] { return scene.mutex.try_lock_shared(); });
        CHECK(came_in);
        if (came_in) scene.mutex.unlock_shared();
    });
}

TEST_CASE("one that comes to read while the runtime of the writer in front ends is let in") {
    static std::array<HeldForReading, 20> scenes;
    for (HeldForReading& scene : scenes) {
        const auto before = gofer::debug::census().stacks;
        {
            gofer::Runtime dying{fixture::one_worker_without_grace()}, living{fixture::one_worker_without_grace()};
            scene.begin();
            scene.want_to_write(dying);
            const fixture::Apart thread{[&scene] { scene.read(); }};
            for (int i = 0; i < 3; ++i) living.go([&scene] { scene.read(); });
            dying.shutdown();
            scene.await_readers(4);
        }
        CHECK(fixture::eventually([&] { return gofer::debug::census().stacks == before + 1; }));
        scene.end();
    }
}

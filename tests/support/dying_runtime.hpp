// Two runtimes that share a primitive, one of which ends when its goroutine has been woken, and cannot run: the one worker
// there is kept busy.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>

#include <gofer/debug/census.hpp>
#include <gofer/gofer.hpp>

#include "catch.hpp"
#include "fixture.hpp"

namespace fixture {

inline gofer::RuntimeOptions one_worker_without_grace() {
    gofer::RuntimeOptions options;
    options.workers = 1;
    options.shutdown_grace = std::chrono::milliseconds{0};
    return options;
}

/// Derived from by what has the primitive, and the members begin(), which takes it before the runtimes' goroutines come,
/// and end(), which checks it when both are gone.
class Deathbed {
public:
    std::atomic<bool> dying_served{false}, living_served{false};

protected:
    static void await_parked(const gofer::Runtime& runtime, std::size_t n = 1) {
        CHECK(eventually([&] { return runtime.stats().parked >= n; }));
    }
    static void await_sleep_of_a_thread(const void* on) {
        CHECK(eventually([on] {
            const gofer::base::EngineRegion engine; // their places in the list lie on their stacks
            bool asleep = false;
            gofer::sched::PlainThreads::instance().for_each_blocked([&](const auto& blocked) {
                if (blocked.waits_on == on && blocked.asleep()) asleep = true;
            });
            return asleep;
        }));
    }
    void keep_busy(gofer::Runtime& dying) {
        dying.go([this] {
            hogging_ = true;
            while (!over_) std::this_thread::yield();
        });
        CHECK(eventually([this] { return hogging_.load(); }));
    }
    void await_service() {
        CHECK(eventually([this] { return living_served.load(); }));
        over_ = true;
    }

private:
    std::atomic<bool> hogging_{false}, over_{false};
};

/// Plays body with a fresh scene until it went as planned: on a machine under load a stand-in may come for the worker
/// that is kept busy, and run the one that was woken. All that is left each time is the stack of the one that is
/// abandoned. The scenes are to be static: those that are abandoned refer to them for ever.
template <class Scene, std::size_t n, class Body>
void play(std::array<Scene, n>& scenes, Body body) {
    for (Scene& scene : scenes) {
        const auto before = gofer::debug::census().stacks;
        {
            gofer::Runtime dying{one_worker_without_grace()}, living{one_worker_without_grace()};
            scene.begin();
            body(scene, dying, living);
        }
        CHECK(eventually([&] { return gofer::debug::census().stacks == before + !scene.dying_served; }));
        scene.end();
        if (!scene.dying_served) return;
    }
    FAIL("it never went as planned");
}

} // namespace fixture

// A Semaphore that several runtimes share, when one of them ends.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <gofer/gofer.hpp>

#include "../support/apart.hpp"
#include "../support/catch.hpp"
#include "../support/dying_runtime.hpp"
#include "../support/fixture.hpp"

namespace {

/// A Semaphore that has one permit left, of which a goroutine of the runtime that ends wants more than that.
class OnePermitLeft : public fixture::Deathbed {
public:
    static constexpr std::int64_t permits = 3;

    gofer::Semaphore semaphore{permits};
    std::atomic<int> served{0};

    void begin() { semaphore.acquire(permits - 1); }
    void want_too_many(gofer::Runtime& dying) {
        dying.go([this] {
            semaphore.acquire(permits);
            dying_served = true;
        });
        await_parked(dying);
    }
    /// `parked`: how many of that runtime wait then.
    void want(gofer::Runtime& runtime, std::int64_t k, std::size_t parked) {
        runtime.go([this, k] { acquire_and_release(k); });
        await_parked(runtime, parked);
    }
    void acquire_and_release(std::int64_t k) {
        semaphore.acquire(k);
        ++served;
        semaphore.release(k);
    }
    void await_served(int n) {
        CHECK(fixture::eventually([&] { return served == n; }));
    }
    void await_sleep_of_a_thread() const { Deathbed::await_sleep_of_a_thread(&semaphore); }
    /// Those of the runtime were told to look, and wait again.
    template <class End>
    static void await_second_park(const gofer::Runtime& living, std::size_t n, End end) {
        const auto before = living.stats().parks;
        end();
        CHECK(fixture::eventually([&] { return living.stats().parks >= before + n && living.stats().parked >= n; }));
    }
    void end() {
        CHECK(!dying_served);
        semaphore.release(permits - 1);
        CHECK(semaphore.try_acquire(permits));
    }
};

} // namespace

TEST_CASE("one that waits for a Semaphore behind one whose runtime ends is served without a release") {
    static std::array<OnePermitLeft, 1> scenes;
    fixture::play(scenes, [](OnePermitLeft& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        scene.want_too_many(dying);
        scene.want(living, 1, 1);
        dying.shutdown();
        scene.await_served(1);
    });
}

TEST_CASE("a plain thread that waits for a Semaphore behind one whose runtime ends is served without a release") {
    static std::array<OnePermitLeft, 1> scenes;
    fixture::play(scenes, [](OnePermitLeft& scene, gofer::Runtime& dying, gofer::Runtime&) {
        scene.want_too_many(dying);
        const fixture::Apart thread{[&scene] { scene.acquire_and_release(1); }};
        scene.await_sleep_of_a_thread();
        dying.shutdown();
        scene.await_served(1);
    });
}

TEST_CASE("the second behind one whose runtime ends, of the first one's runtime, is served without a release") {
    static std::array<OnePermitLeft, 1> scenes;
    fixture::play(scenes, [](OnePermitLeft& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        scene.want_too_many(dying);
        scene.want(living, 1, 1);
        scene.want(living, 1, 2);
        dying.shutdown();
        scene.await_served(2);
    });
}

TEST_CASE("those that the end of a runtime makes look again at a Semaphore keep their places") {
    static std::array<OnePermitLeft, 1> scenes;
    fixture::play(scenes, [](OnePermitLeft& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        scene.want_too_many(dying);
        scene.want(living, 2, 1);
        scene.want(living, 1, 2); // there is one for it, but it is not its turn
        scene.await_second_park(living, 2, [&] { dying.shutdown(); });
        CHECK(scene.served == 0);
        scene.semaphore.release();
        scene.await_served(2);
        scene.semaphore.acquire();
    });
}

TEST_CASE("one that looks again at a Semaphore still ends with its context") {
    static std::array<OnePermitLeft, 1> scenes;
    fixture::play(scenes, [](OnePermitLeft& scene, gofer::Runtime& dying, gofer::Runtime& living) {
        auto [ctx, cancel] = gofer::with_cancel(gofer::Context::background());
        scene.want_too_many(dying);
        living.go([&scene, ctx = ctx] {
            if (!scene.semaphore.acquire(ctx, 2)) ++scene.served;
        });
        CHECK(fixture::eventually([&] { return living.stats().parked >= 1; }));
        scene.await_second_park(living, 1, [&] { dying.shutdown(); });
        CHECK(scene.served == 0);
        cancel();
        scene.await_served(1);
    });
}

TEST_CASE("one that comes to a Semaphore while the runtime of the one in front ends is served") {
    static std::array<OnePermitLeft, 20> scenes;
    for (OnePermitLeft& scene : scenes) {
        const auto before = gofer::debug::census().stacks;
        {
            gofer::Runtime dying{fixture::one_worker_without_grace()}, living{fixture::one_worker_without_grace()};
            scene.begin();
            scene.want_too_many(dying);
            const fixture::Apart thread{[&scene] { scene.acquire_and_release(1); }};
            for (int i = 0; i < 3; ++i) living.go([&scene] { scene.acquire_and_release(1); });
            dying.shutdown();
            scene.await_served(4);
        }
        CHECK(fixture::eventually([&] { return gofer::debug::census().stacks == before + 1; }));
        scene.end();
    }
}

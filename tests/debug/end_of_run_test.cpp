// The end of run beside goroutines that do not park: they go on, and nobody waits for them.
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/apart.hpp"
#include "../support/catch.hpp"
#include "../support/unwinding.hpp"

using namespace std::chrono_literals;

namespace {

/// What is shared with goroutines that may outlive the test.
struct Flags {
    std::atomic<bool> computing{false}, release{false}, ended{false}, returned{false};
};

/// Computes until it is released.
void compute(Flags& flags) {
    flags.computing = true;
    while (!flags.release) std::this_thread::yield();
}

template <class T>
bool breaks(gofer::Future<T>& future) {
    try {
        future.get();
    } catch (const std::future_error& e) {
        return e.code() == std::future_errc::broken_promise;
    }
    return false;
}

/// A run whose runtime somebody else shuts down.
struct OvertakenRun {
    explicit OvertakenRun(gofer::RuntimeOptions options) : runtime{options} {}
    explicit OvertakenRun(unsigned workers) : OvertakenRun{abandoning(workers)} {}

    /// f gets something in the frame of the call, and writes 1 to it.
    template <class F>
    void runs(F f) {
        int in_frame = 0;
        try {
            static_cast<void>(runtime.run([&] { return f(in_frame); }));
        } catch (const std::future_error& e) {
            was_broken = e.code() == std::future_errc::broken_promise;
        }
        was_written = in_frame == 1;
        returned = true;
    }

    static gofer::RuntimeOptions abandoning(unsigned workers) {
        auto options = fixture::unwinding(workers);
        options.leaks = gofer::Leaks::abandon;
        return options;
    }

    gofer::Runtime runtime;
    Flags flags;
    std::atomic<bool> parks{false}, returned{false}, was_broken{false}, was_written{false};
};

void shut_down_while_it_computes(OvertakenRun& scene, const fixture::Apart& run) {
    CHECK(fixture::eventually([&] { return scene.flags.computing.load(); }));
    scene.runtime.shutdown();
    CHECK(!scene.returned);
    scene.flags.release = true;
    REQUIRE(run.ends());
    CHECK(scene.was_broken);
    CHECK(scene.was_written);
}

/// One that computes past the grace of its runtime, and then calls f, which it does not leave.
template <class F>
void calls_too_late(gofer::RuntimeOptions options, std::shared_ptr<Flags> flags, F f) {
    gofer::Future<void> future;
    gofer::run(options, [&] {
        future = gofer::async([flags, f] {
            compute(*flags);
            f();
        });
        static_cast<void>(fixture::eventually([&] { return flags->computing.load(); }));
    });
    flags->release = true;
    CHECK_THROWS_AS(future.get(), std::future_error); // it has parked
}

/// A function that holds the goroutine that starts it up in its move number `held_at`, until that is let go.
struct HeldInMove {
    struct Scene {
        explicit Scene(int number) : held_at{number} {}

        const int held_at;
        std::uint64_t starter{0};
        std::atomic<bool> held{false}, let_go{false};
        gofer::Future<void> future;
    };

    explicit HeldInMove(Scene& all) : scene{&all} {}
    HeldInMove(HeldInMove&& other) noexcept : scene{other.scene}, number{other.number + 1} {
        if (number != scene->held_at || gofer::this_goroutine::id() != scene->starter) return;
        scene->held = true;
        while (!scene->let_go) std::this_thread::yield();
    }
    void operator()() const {}

    Scene* scene;
    int number{0};
};

/// Calls f(workers, leaks) for each worker count and both policies under which the process goes on.
template <class F>
void at_each_policy(F f) {
    for (const unsigned workers : fixture::worker_counts)
        for (const auto leaks : {gofer::Leaks::abandon, gofer::Leaks::unwind}) {
            INFO("workers: " << workers << ", unwinding: " << (leaks == gofer::Leaks::unwind));
            auto options = fixture::unwinding(workers);
            options.leaks = leaks;
            f(options);
        }
}

} // namespace

TEST_CASE("one that computes past the grace goes on to its end, and nothing of its runtime is left then") {
    at_each_policy([](gofer::RuntimeOptions options) {
        const auto flags = std::make_shared<Flags>();
        const fixture::LeakProof proof;
        gofer::run(options, [flags] {
            gofer::go([flags, held = fixture::Tracked{1}] {
                const gofer::Defer left{[&] { flags->ended = true; }};
                compute(*flags);
            });
            static_cast<void>(fixture::eventually([&] { return flags->computing.load(); }));
        });
        CHECK(!flags->ended);
        flags->release = true;
        CHECK(fixture::eventually([&] { return flags->ended.load(); }));
        proof.require_clean_soon();
    });
}

TEST_CASE("the Future of one that computes past the grace gets its value") {
    at_each_policy([](gofer::RuntimeOptions options) {
        const auto flags = std::make_shared<Flags>();
        gofer::Future<int> future;
        gofer::run(options, [&] {
            future = gofer::async([flags] {
                compute(*flags);
                return 7;
            });
            static_cast<void>(fixture::eventually([&] { return flags->computing.load(); }));
        });
        CHECK(!future.ready());
        flags->release = true;
        CHECK(future.get() == 7);
    });
}

TEST_CASE("the next blocking call of one that computed past the grace is its last, and its Future is broken") {
    at_each_policy([](gofer::RuntimeOptions options) {
        for (void (*const call)() : {+[] { gofer::sleep_for(1ns); }, +[] { gofer::go([] {}); },
                                     +[] { gofer::Channel<int>{}.receive(); }, +[] { gofer::yield(); },
                                     +[] { gofer::blocking([] {}); }}) {
            static auto& kept = *new std::vector<std::unique_ptr<Flags>>; // goroutines refer to them for ever
            auto& flags = *kept.emplace_back(std::make_unique<Flags>());
            gofer::Future<int> future;
            gofer::run(options, [&] {
                future = gofer::async([&flags, call] {
                    compute(flags);
                    call();
                    flags.returned = true;
                    return 7;
                });
                static_cast<void>(fixture::eventually([&] { return flags.computing.load(); }));
            });
            flags.release = true;
            CHECK(breaks(future));
            CHECK(!flags.returned);
        }
    });
}

TEST_CASE("one that computed past the grace and starts a goroutine of a group takes no place of it with it") {
    at_each_policy([](gofer::RuntimeOptions options) {
        const auto group = std::make_shared<gofer::ErrGroup>();
        group->set_limit(1);
        calls_too_late(options, std::make_shared<Flags>(), [group] { group->go([] {}); });
        std::atomic<bool> ran{false};
        REQUIRE(group->try_go([&] { ran = true; }));
        group->wait();
        CHECK(ran);
    });
}

TEST_CASE("a WaitGroup does not wait for what one that computed past the grace would start") {
    at_each_policy([](gofer::RuntimeOptions options) {
        const auto wg = std::make_shared<gofer::WaitGroup>();
        calls_too_late(options, std::make_shared<Flags>(), [wg] { wg->go([] {}); });
        CHECK(wg->wait_for(10s));
    });
}

// Past the question whether its runtime runs, where a function that is moved may hold it up, or the system.
TEST_CASE("the Future of what one past the grace had begun to start before is broken, at whatever move it is held up") {
    at_each_policy([](gofer::RuntimeOptions options) {
        for (int move = 1;; ++move) {
            INFO("move: " << move);
            static auto& kept = *new std::vector<std::unique_ptr<HeldInMove::Scene>>; // some refer to them for ever
            auto& scene = *kept.emplace_back(std::make_unique<HeldInMove::Scene>(move));
            gofer::Future<void> starter;
            gofer::run(options, [&] {
                starter = gofer::async([&scene] {
                    scene.starter = gofer::this_goroutine::id();
                    scene.future = gofer::async(HeldInMove{scene});
                });
                static_cast<void>(fixture::eventually([&] { return scene.held || starter.ready(); }));
            });
            if (!scene.held) {
                CHECK(move > 1);
                break; // it is not moved as often as that
            }
            scene.let_go = true;
            if (breaks(starter)) continue; // it has parked before it had started anything
            REQUIRE(fixture::eventually([&] { return scene.future.ready(); }));
            CHECK(breaks(scene.future));
        }
    });
}

TEST_CASE("go on a runtime that was shut down throws, also while one of its goroutines computes on") {
    at_each_policy([](gofer::RuntimeOptions options) {
        const auto flags = std::make_shared<Flags>();
        gofer::Runtime runtime{options};
        runtime.go([flags] {
            compute(*flags);
            flags->ended = true;
        });
        CHECK(fixture::eventually([&] { return flags->computing.load(); }));
        runtime.shutdown();
        CHECK_THROWS_AS(runtime.go([] {}), std::logic_error);
        CHECK_THROWS_AS(runtime.run([] {}), std::logic_error);
        flags->release = true;
        CHECK(fixture::eventually([&] { return flags->ended.load(); }));
    });
}

TEST_CASE("run throws when another thread has its runtime unwound under it") {
    const auto held = std::make_shared<fixture::Tracked>(1);
    for (const unsigned workers : fixture::worker_counts) {
        gofer::Runtime runtime{fixture::unwinding(workers)};
        const gofer::Channel<int> never;
        std::atomic<bool> inside{false};
        std::thread other{[&] {
            static_cast<void>(fixture::eventually([&] { return inside && runtime.stats().parked > 0; }));
            runtime.shutdown();
        }};
        CHECK_THROWS_AS(runtime.run([&, held] {
            const auto another = held;
            inside = true;
            never.receive();
        }),
                        std::future_error);
        other.join();
        CHECK(held.use_count() == 1);
    }
}

TEST_CASE("run throws when another thread has its runtime shut down under it, and its goroutine is abandoned") {
    for (const unsigned workers : fixture::worker_counts)
        for (const bool inside_another : {false, true}) {
            const auto scene = std::make_shared<OvertakenRun>(workers); // of the thread, too: it may hang
            const auto body = [scene] {
                scene->runs([scene](int& in_frame) {
                    in_frame = 1;
                    scene->parks = true;
                    gofer::Channel<int>{}.receive();
                    return 1;
                });
            };
            const fixture::Apart run{
                [body, inside_another] { inside_another ? gofer::run(fixture::with_workers(1), body) : body(); }};
            CHECK(fixture::eventually([&] { return scene->parks && scene->runtime.stats().parked > 0; }));
            scene->runtime.shutdown();
            REQUIRE(run.ends());
            CHECK(scene->was_broken);
            CHECK(scene->was_written);
        }
}

TEST_CASE("run whose runtime is shut down under it does not leave before its blocking code, which refers to its frame") {
    at_each_policy([](gofer::RuntimeOptions options) {
        const auto scene = std::make_shared<OvertakenRun>(options);
        const fixture::Apart run{[scene] {
            scene->runs([scene](int& in_frame) {
                return gofer::blocking([&] {
                    compute(scene->flags);
                    return in_frame = 1;
                });
            });
        }};
        shut_down_while_it_computes(*scene, run);
    });
}

TEST_CASE("run whose runtime is shut down under it returns when its function, which computed on, parks") {
    at_each_policy([](gofer::RuntimeOptions options) {
        const auto scene = std::make_shared<OvertakenRun>(options);
        const fixture::Apart run{[scene] {
            scene->runs([scene](int& in_frame) {
                compute(scene->flags);
                in_frame = 1;
                gofer::sleep_for(1ns);
                return 1;
            });
        }};
        shut_down_while_it_computes(*scene, run);
    });
}

TEST_CASE("a goroutine that stops when it is asked to is not left") {
    at_each_policy([](gofer::RuntimeOptions options) {
        options.shutdown_grace = 60s;
        const auto flags = std::make_shared<Flags>();
        const fixture::LeakProof proof;
        gofer::run(options, [flags] {
            gofer::go([flags] {
                gofer::Context::background().done().receive();
                flags->ended = true;
            });
            fixture::parked_reaches(1);
        });
        CHECK(flags->ended);
        proof.require_clean();
    });
}

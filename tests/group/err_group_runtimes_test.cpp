// A group that two runtimes share, when one of them ends.
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include <gofer/debug/census.hpp>
#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

gofer::RuntimeOptions one_without_grace() {
    gofer::RuntimeOptions options;
    options.workers = 1;
    options.shutdown_grace = std::chrono::milliseconds{0};
    return options;
}

/// A group for one at a time whose place is taken, and one goroutine of each of two runtimes that wants it. The one of
/// the runtime that dies is to be given it when it cannot run, for the one worker there is kept busy.
class OnePlace {
public:
    std::atomic<bool> dying_served{false}, living_served{false};
    gofer::ErrGroup group;

    void take() {
        group.set_limit(1);
        group.go([go_on = go_on_] { go_on.receive(); });
    }
    void come(gofer::Runtime& runtime, std::atomic<bool>& served) {
        runtime.go([this, &served] { group.go([&served] { served = true; }); });
        CHECK(fixture::eventually([&runtime] { return runtime.stats().parked >= 1; }));
    }
    void give_to_dying_and_end(gofer::Runtime& dying) {
        dying.go([this] {
            hogging_ = true;
            while (!over_) std::this_thread::yield();
        });
        CHECK(fixture::eventually([this] { return hogging_.load(); }));
        go_on_.send({});
        CHECK(fixture::eventually([&dying, this] { return dying.stats().parked == 0 || dying_served; }));
        dying.shutdown();
    }
    void await_the_living() {
        CHECK(fixture::eventually([this] { return living_served.load(); }));
        over_ = true;
        group.wait();
    }
    bool has_a_place() {
        return fixture::eventually([this] { return group.try_go([] {}); });
    }

private:
    gofer::Channel<gofer::Unit> go_on_;
    std::atomic<bool> hogging_{false}, over_{false};
};

/// Static: those that are abandoned refer to it for ever.
using Places = std::array<OnePlace, 10>;

/// Plays body until it went as planned: on a machine under load a stand-in may come for the worker that is kept busy. All
/// that is left each time is the stack of the one that is abandoned.
template <class Body>
void play_with(Places& places, Body body) {
    for (OnePlace& place : places) {
        const auto before = gofer::debug::census().stacks;
        {
            gofer::Runtime dying{one_without_grace()}, living{one_without_grace()};
            place.take();
            body(place, dying, living);
            CHECK(place.has_a_place());
            place.group.wait();
        }
        CHECK(fixture::eventually([&] { return gofer::debug::census().stacks == before + !place.dying_served; }));
        if (!place.dying_served) return;
    }
    FAIL("it never went as planned");
}

} // namespace

TEST_CASE("a group goes on when the runtime of the one that was given a place ends before that one runs") {
    static Places places;
    play_with(places, [](OnePlace& place, gofer::Runtime& dying, gofer::Runtime& living) {
        place.come(dying, place.dying_served);
        place.come(living, place.living_served);
        place.give_to_dying_and_end(dying);
        place.await_the_living();
    });
}

TEST_CASE("one that comes to a group after such an end has the place") {
    static Places places;
    play_with(places, [](OnePlace& place, gofer::Runtime& dying, gofer::Runtime& living) {
        place.come(dying, place.dying_served);
        place.give_to_dying_and_end(dying);
        living.go([&place] { place.group.go([&place] { place.living_served = true; }); });
        place.await_the_living();
    });
}

TEST_CASE("goroutines of several runtimes share a group and its limit") {
    fixture::on_a_plain_thread([] {
        gofer::ErrGroup group;
        group.set_limit(3);
        std::atomic<int> running{0}, ran{0};
        const auto start = [&] {
            for (int i = 0; i < 200; ++i)
                group.go([&] {
                    VERIFY(++running <= 3);
                    gofer::yield();
                    --running;
                    ++ran;
                });
        };
        const auto start_in_a_runtime = [&](unsigned workers) { gofer::run(fixture::with_workers(workers), start); };
        std::thread one{start_in_a_runtime, 1U}, two{start_in_a_runtime, 2U};
        start();
        one.join();
        two.join();
        group.wait();
        VERIFY(ran == 3 * 200);
    });
}

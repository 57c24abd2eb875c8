// A group that two runtimes share, when one of them ends.
#include <array>
#include <atomic>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dying_runtime.hpp"
#include "../support/fixture.hpp"

namespace {

/// A group for one at a time whose place is taken, and one goroutine of each of two runtimes that wants it.
class OnePlace : public fixture::Deathbed {
public:
    gofer::ErrGroup group;

    void begin() {
        group.set_limit(1);
        group.go([go_on = go_on_] { go_on.receive(); });
    }
    void come(gofer::Runtime& runtime, std::atomic<bool>& served) {
        runtime.go([this, &served] { group.go([&served] { served = true; }); });
        await_parked(runtime);
    }
    void give_to_dying_and_end(gofer::Runtime& dying) {
        keep_busy(dying);
        go_on_.send({});
        CHECK(fixture::eventually([&dying, this] { return dying.stats().parked == 0 || dying_served; }));
        dying.shutdown();
    }
    void await_the_living() {
        await_service();
        group.wait();
        CHECK(fixture::eventually([this] { return group.try_go([] {}); }));
        group.wait();
    }
    void end() {}

private:
    gofer::Channel<gofer::Unit> go_on_;
};

using Places = std::array<OnePlace, 10>;

} // namespace

TEST_CASE("a group goes on when the runtime of the one that was given a place ends before that one runs") {
    static Places places;
    fixture::play(places, [](OnePlace& place, gofer::Runtime& dying, gofer::Runtime& living) {
        place.come(dying, place.dying_served);
        place.come(living, place.living_served);
        place.give_to_dying_and_end(dying);
        place.await_the_living();
    });
}

TEST_CASE("one that comes to a group after such an end has the place") {
    static Places places;
    fixture::play(places, [](OnePlace& place, gofer::Runtime& dying, gofer::Runtime& living) {
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

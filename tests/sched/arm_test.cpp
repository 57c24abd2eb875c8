// Timers without a blocked call: from goroutines and plain threads, stopped in time or not, and past the end of the
// runtime they were armed in.
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <gofer/debug/census.hpp>
#include <gofer/gofer.hpp>
#include <gofer/sched/arm.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;
using gofer::base::deadline_after;

namespace {

/// Counts how often it has fired, in the step after the heap's lock.
struct Counting : gofer::sched::Timer, gofer::sched::Due {
    Counting() noexcept : Timer(&Counting::ring, true), Due(&Counting::count) {}

    static void ring(Timer& timer, gofer::sched::Woken& woken) noexcept {
        woken.later(static_cast<Counting&>(timer));
    }
    static void count(Due& due) noexcept { static_cast<Counting&>(due).fired.fetch_add(1); }

    bool fires_soon() const {
        return fixture::eventually([this] { return fired.load() == 1; });
    }

    std::atomic<int> fired{0};
};

} // namespace

TEST_CASE("a timer armed in a goroutine fires once, not before its time") {
    fixture::at_each_worker_count([] {
        Counting timer;
        const auto start = gofer::Clock::now();
        gofer::sched::arm(timer, deadline_after(3ms));
        VERIFY(timer.fires_soon());
        VERIFY(gofer::Clock::now() - start >= 3ms);
        VERIFY(!gofer::sched::disarm(timer) && timer.fired == 1);
    });
}

TEST_CASE("a timer armed by a plain thread wakes a worker that sleeps") {
    fixture::on_a_plain_thread([] {
        for (int i = 0; i < 20; ++i) {
            Counting late, timer;
            gofer::sched::arm(late, deadline_after(1h));
            std::this_thread::sleep_for(1ms);
            const auto start = gofer::Clock::now();
            gofer::sched::arm(timer, deadline_after(1ms));
            VERIFY(timer.fires_soon());
            VERIFY(gofer::Clock::now() - start < 30s);
            VERIFY(gofer::sched::disarm(late) && late.fired == 0);
        }
    });
}

TEST_CASE("a timer that was disarmed does not fire, and one that fired says so") {
    fixture::at_each_worker_count([] {
        Counting never_armed;
        VERIFY(!gofer::sched::disarm(never_armed));
        for (int i = 0; i < 300; ++i) {
            auto timer = std::make_unique<Counting>();
            gofer::sched::arm(*timer, deadline_after(std::chrono::microseconds{i % 40}));
            if (i % 3 == 0) gofer::yield();
            if (gofer::sched::disarm(*timer)) {
                VERIFY(timer->fired == 0);
            } else {
                VERIFY(timer->fires_soon());
            }
        }
    });
}

TEST_CASE("a timer is armed again as often as one likes, at another time") {
    fixture::at_each_worker_count([] {
        Counting timer;
        for (int i = 0; i < 100; ++i) {
            gofer::sched::arm(timer, deadline_after(1h));
            VERIFY(gofer::sched::disarm(timer));
        }
        gofer::sched::arm(timer, deadline_after(1us));
        VERIFY(timer.fires_soon());
    });
}

TEST_CASE("a timer of a runtime that ended fires in the default one") {
    Counting timer, stopped;
    gofer::run(fixture::with_workers(2), [&] {
        gofer::sched::arm(timer, deadline_after(20ms));
        gofer::sched::arm(stopped, deadline_after(1h));
    });
    CHECK(gofer::sched::disarm(stopped));
    CHECK(timer.fires_soon());
    CHECK(stopped.fired == 0);
}

// It asks first whether that has ended; this is the moment after it has asked.
TEST_CASE("a step that starts a goroutine in a runtime that ends at this moment destroys no closure on its worker's loop") {
    struct Starts : Counting {
        explicit Starts(gofer::sched::Scheduler& ended) : there{ended} { run = &start; }
        static void start(Due& due) noexcept {
            auto& self = static_cast<Starts&>(static_cast<Counting&>(due));
            auto* worker = gofer::sched::this_worker();
            auto closure = [held = std::move(self.held)] {};
            gofer::sched::start(&self.there, worker,
                                gofer::task::make_task<decltype(closure)>(&worker->records, gofer::Place::here(),
                                                                          std::move(closure)));
            count(due);
        }

        gofer::sched::Scheduler& there;
        std::shared_ptr<int> held{std::make_shared<int>(0)};
    };
    gofer::Runtime runtime{fixture::with_workers(1)};
    auto& scheduler = *runtime.run([] { return gofer::sched::this_worker()->scheduler; });
    runtime.shutdown();
    Starts timer{scheduler};
    const std::weak_ptr<int> closure = timer.held;
    gofer::sched::arm(timer, deadline_after(1ms));
    CHECK(timer.fires_soon());
    CHECK(!closure.expired());
    CHECK(scheduler.live() == 0);
}

TEST_CASE("a timer may be disarmed while its runtime ends, and long after it fired there") {
    for (int round = 0; round < 50; ++round) {
        std::vector<std::unique_ptr<Counting>> timers;
        for (int i = 0; i < 20; ++i) timers.push_back(std::make_unique<Counting>());
        std::atomic<int> armed{0};
        std::thread disarming{[&] {
            while (armed < 20) std::this_thread::yield();
            for (auto& timer : timers)
                if (gofer::sched::disarm(*timer)) ++timer->fired;
        }};
        gofer::run(fixture::with_workers(2), [&] {
            for (auto& timer : timers) gofer::sched::arm(*timer, deadline_after(1us * (armed++ * 20)));
        });
        disarming.join();
        for (auto& timer : timers) {
            CHECK(timer->fires_soon());
            CHECK(!gofer::sched::disarm(*timer));
        }
    }
}

TEST_CASE("a hundred thousand timers that were disarmed leave nothing in their heaps") {
    fixture::on_a_plain_thread([] {
        const std::size_t before = gofer::debug::census().timers;
        std::vector<Counting> timers(100'000);
        for (auto& timer : timers) gofer::sched::arm(timer, deadline_after(1h));
        VERIFY(gofer::debug::census().timers == before + timers.size());
        for (auto& timer : timers) VERIFY(gofer::sched::disarm(timer));
        VERIFY(gofer::debug::census().timers == before);
    });
}

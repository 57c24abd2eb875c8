// The idle protocol alone: who sleeps, who searches, and when there is somebody to call. (Its model is checked by spin;
// traps/lost_wakeup_test.cpp is about the whole.)
#include <chrono>
#include <thread>

#include <gofer/sched/scheduler.hpp>

#include "../support/catch.hpp"

using gofer::sched::Idle;
using gofer::sched::Scheduler;
using gofer::sched::Worker;

namespace {

/// Two workers without threads.
struct TwoWorkers {
    Scheduler* scheduler = new Scheduler(2, 16 << 10);
    Worker& one = *scheduler->workers[0];
    Worker& other = *scheduler->workers[1];
    Idle& idle = scheduler->idle;

    TwoWorkers() = default;
    TwoWorkers(const TwoWorkers&) = delete;
    TwoWorkers& operator=(const TwoWorkers&) = delete;
    ~TwoWorkers() { scheduler->release(); }
};

} // namespace

TEST_CASE("while nobody sleeps there is nobody to call") {
    TwoWorkers w;
    CHECK_FALSE(w.idle.call());
    CHECK_FALSE(w.idle.wake_one());
}

TEST_CASE("one who sleeps may be called, and wakes as the searcher") {
    TwoWorkers w;
    w.idle.announce_sleep(w.one);
    CHECK(w.idle.call());
    CHECK(w.idle.sleeping() == 1);
    CHECK(w.idle.wake_one());
    CHECK(w.idle.wait(w.one, gofer::base::never));
    CHECK(w.one.searcher);
    CHECK(w.idle.sleeping() == 0);
}

TEST_CASE("while one searches nobody is called, so that at most one wake-up is in flight") {
    TwoWorkers w;
    w.idle.announce_sleep(w.one);
    REQUIRE(w.idle.take_office(w.other));
    CHECK_FALSE(w.idle.call());
    CHECK_FALSE(w.idle.wake_one());
    w.idle.leave_office(w.other);
    CHECK(w.idle.call());
    CHECK(w.idle.cancel_sleep(w.one));
}

TEST_CASE("there is one searcher at most") {
    TwoWorkers w;
    CHECK(w.idle.take_office(w.one));
    CHECK_FALSE(w.idle.take_office(w.other));
    w.idle.announce_sleep(w.one);
    CHECK(w.idle.take_office(w.other));
    w.idle.leave_office(w.other);
    CHECK(w.idle.cancel_sleep(w.one));
}

TEST_CASE("a sleep that was announced can be taken back, unless someone wakes already") {
    TwoWorkers w;
    w.idle.announce_sleep(w.one);
    CHECK(w.idle.cancel_sleep(w.one));
    CHECK_FALSE(w.idle.call());
    w.idle.announce_sleep(w.one);
    CHECK(w.idle.wake_one());
    CHECK_FALSE(w.idle.cancel_sleep(w.one));
    CHECK(w.idle.wait(w.one, gofer::base::never));
    w.idle.leave_office(w.one);
}

// Or a stand-in that is sent home before it comes to the work leaves it to one who sleeps.
TEST_CASE("who gets up since there is work holds the office") {
    TwoWorkers w;
    w.idle.announce_sleep(w.other);
    w.idle.announce_sleep(w.one);
    w.idle.get_up(w.one);
    CHECK(w.one.searcher);
    w.idle.leave_office(w.one);
    CHECK(w.idle.call());
    CHECK(w.idle.cancel_sleep(w.other));
}

TEST_CASE("who is woken for his timers as he gets up holds the office all the same") {
    TwoWorkers w;
    w.idle.announce_sleep(w.one);
    w.idle.wake_for_timers(w.one);
    w.idle.get_up(w.one);
    CHECK(w.one.searcher);
    w.idle.leave_office(w.one);
}

TEST_CASE("who gets up while another one searches leaves the office to him") {
    TwoWorkers w;
    w.idle.announce_sleep(w.one);
    REQUIRE(w.idle.take_office(w.other));
    w.idle.get_up(w.one);
    CHECK_FALSE(w.one.searcher);
    CHECK(w.idle.sleeping() == 0);
    w.idle.leave_office(w.other);
}

TEST_CASE("a deadline ends the sleep without an office") {
    TwoWorkers w;
    w.idle.announce_sleep(w.one);
    CHECK_FALSE(w.idle.wait(w.one, gofer::base::now_ns() + 1'000'000));
    CHECK_FALSE(w.one.searcher);
    CHECK(w.idle.sleeping() == 0);
}

TEST_CASE("at the end all sleepers are woken") {
    TwoWorkers w;
    w.idle.announce_sleep(w.one);
    w.idle.announce_sleep(w.other);
    w.idle.wake_all();
    CHECK(w.idle.wait(w.one, gofer::base::never));
    CHECK(w.idle.wait(w.other, gofer::base::never));
    CHECK(w.idle.sleeping() == 0);
}

TEST_CASE("a poke ends a nap, also one that begins just now") {
    TwoWorkers w;
    REQUIRE(w.idle.take_office(w.one));
    const std::int64_t far = gofer::base::now_ns() + 60'000'000'000;
    w.idle.poke();
    w.idle.nap(w.one, far);
    std::thread poker{[&w] {
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
        w.idle.poke();
    }};
    w.idle.nap(w.one, far);
    poker.join();
    CHECK(gofer::base::now_ns() < far);
    w.idle.leave_office(w.one);
}

// Leaks::unwind, given up: run has left the thread that unwinds to itself, since a goroutine does not come back to it.
#include <atomic>
#include <csignal>
#include <cstdint>
#include <memory>
#include <thread>
#include <unistd.h>

#include <gofer/debug/unwind.hpp>
#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/unwinding.hpp"

namespace {

/// A closure that counts how often it is given up.
struct CountsAbandonments {
    std::atomic<int>* count;
    void operator()() const {}
    void abandon() const { ++*count; }
};

/// From a process of its own, which ends soon after the calling one: has that go on whenever it has stopped, after
/// longer than an unwinding is waited for.
void call_back_when_stopped() {
    const pid_t stopped = ::getpid();
    if (::fork() != 0) return;
    for (int i = 0; i < 60 && ::getppid() == stopped; ++i) {
        ::usleep(1'500'000);
        ::kill(stopped, SIGCONT);
    }
    ::_exit(0);
}

} // namespace

TEST_CASE("one that has not started is abandoned once, though the thread that unwinds comes to it when it is given up") {
    gofer::Runtime runtime{fixture::unwinding(1)};
    gofer::sched::Scheduler& scheduler = *runtime.run([] { return gofer::sched::this_worker()->scheduler; });
    runtime.shutdown();
    std::atomic<int> first{0}, second{0};
    const auto task = [](std::atomic<int>& count) {
        return gofer::task::make_task<CountsAbandonments>(nullptr, gofer::Place::here(), CountsAbandonments{&count});
    };
    gofer::debug::Unwinding unwinding{scheduler, {task(first), task(second)}, {}};
    CHECK(unwinding.give_up() == nullptr);
    const gofer::sched::Unstarted left = unwinding.untouched();
    unwinding.run();
    gofer::sched::abandon(left);
    CHECK(first == 1);
    CHECK(second == 1);
}

TEST_CASE("one that parks when its unwinding has been given up, and the end has not been told yet, keeps its scheduler") {
    static std::shared_ptr<gofer::debug::Unwinding> unwinding;
    auto options = fixture::unwinding(1);
    options.leaks = gofer::Leaks::abandon;
    gofer::Runtime runtime{options};
    const gofer::Channel<int> never;
    gofer::sched::Scheduler& scheduler = *runtime.run([never] {
        gofer::go([never] {
            const gofer::Defer given_up{[never] {
                VERIFY(unwinding->give_up() == gofer::sched::this_goroutine_record());
                never.receive();
            }};
            never.receive();
        });
        fixture::parked_reaches(1);
        return gofer::sched::this_worker()->scheduler;
    });
    runtime.shutdown();
    scheduler.finished = false; // as it is at the moment in question
    constexpr std::uint32_t before = 2; // the Runtime's, the goroutine's; a thread that ends drops its own late
    REQUIRE(fixture::eventually([&scheduler] { return scheduler.references == before; }));
    unwinding = std::make_shared<gofer::debug::Unwinding>(scheduler, gofer::sched::Unstarted{}, gofer::sched::Resumable{});
    scheduler.retain();
    std::thread{gofer::debug::unwinding_thread, unwinding}.join();
    unwinding.reset();
    fixture::require_no_failures();
    CHECK(scheduler.references == before + 1);
}

// As a machine stands still whose processors are needed elsewhere, and then whoever waits looks at his clock first.
TEST_CASE("an unwinding is not given up because the system has kept its thread waiting") {
    const auto death = fixture::death_of([] {
        call_back_when_stopped();
        std::atomic<int> left{0};
        gofer::run(fixture::unwinding(1), [&left] {
            const gofer::Channel<int> never;
            gofer::go([&left, never] {
                const gofer::Defer last{[&left] { ++left; }};
                never.receive();
            });
            fixture::parked_reaches(1);
            gofer::go([&left, never] {
                const gofer::Defer stops{[&left] {
                    ::raise(SIGSTOP);
                    fixture::compute_for(3'000'000);
                    ++left;
                }};
                never.receive();
            });
            fixture::parked_reaches(2);
        });
        if (left == 2) gofer::base::say("both have left\n");
    });
    CAPTURE(death.message);
    CHECK(death.says("both have left"));
}

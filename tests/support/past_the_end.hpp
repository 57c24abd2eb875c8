// A goroutine that computes on past the end of its runtime, and what it calls then.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "catch.hpp"
#include "fixture.hpp"

namespace fixture {

/// Calls f in a goroutine whose runtime is over, after `before` beside it while it computes, and returns when that has left
/// its thread. f must own all it uses.
template <class F, class Before>
void past_the_end(F f, Before before) {
    const auto let_go = std::make_shared<std::atomic<bool>>(false);
    gofer::sched::Scheduler* scheduler = nullptr;
    auto options = with_workers(2);
    options.shutdown_grace = std::chrono::milliseconds{10};
    gofer::run(options, [=, &scheduler] {
        const auto computes = std::make_shared<std::atomic<bool>>(false);
        gofer::go({.name = "past the end"}, [=] {
            *computes = true;
            while (!*let_go) {
            }
            f();
        });
        VERIFY(eventually([=] { return computes->load(); }));
        scheduler = gofer::sched::this_worker()->scheduler;
        scheduler->retain();
    });
    require_no_failures();
    CHECK(scheduler->threads == 1);
    before();
    *let_go = true;
    CHECK(eventually([=] { return scheduler->threads == 0; }));
    scheduler->release();
}
template <class F>
void past_the_end(F f) {
    past_the_end(f, [] {});
}

} // namespace fixture

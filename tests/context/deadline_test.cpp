// Deadlines: the earliest counts, they end what they should and leave no timer behind. Behaviour after Go's context
// tests.
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>
#include <vector>

#include <gofer/debug/census.hpp>
#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"
#include "../support/seccomp.hpp"

using namespace std::chrono_literals;
using gofer::Clock;
using gofer::Context;
using gofer::with_cancel;
using gofer::with_deadline;
using gofer::with_timeout;

namespace {

bool timed_out(const Context& ctx) {
    return ctx.cancelled() && ctx.err() == std::errc::timed_out && ctx.done().try_receive().closed();
}

std::size_t timers() {
    return gofer::debug::census().timers;
}

} // namespace

TEST_CASE("a context with a timeout ends by itself, no earlier, and says why") {
    fixture::at_each_worker_count([] {
        const auto start = Clock::now();
        auto [ctx, cancel] = with_timeout(Context::background(), 3ms);
        VERIFY(!ctx.cancelled() || Clock::now() - start >= 3ms);
        ctx.done().receive();
        VERIFY(Clock::now() - start >= 3ms);
        VERIFY(timed_out(ctx));
        VERIFY(fixture::throws<gofer::Cancelled>([ctx = ctx] { std::rethrow_exception(ctx.cause()); }));
        cancel();
        VERIFY(timed_out(ctx));
    });
}

TEST_CASE("a deadline is measured by any clock") {
    fixture::at_each_worker_count([] {
        auto [ours, c1] = with_deadline(Context::background(), Clock::now() + 2ms);
        auto [steady, c2] = with_deadline(Context::background(), std::chrono::steady_clock::now() + 2ms);
        auto [system, c3] = with_deadline(Context::background(), std::chrono::system_clock::now() + 2ms);
        for (const Context& ctx : {ours, steady, system}) {
            ctx.done().receive();
            VERIFY(timed_out(ctx));
        }
    });
}

TEST_CASE("a deadline that has passed has ended the context") {
    fixture::at_each_worker_count([] {
        auto [zero, c1] = with_timeout(Context::background(), 0s);
        auto [negative, c2] = with_timeout(Context::background(), -1h);
        auto [past, c3] = with_deadline(Context::background(), Clock::now() - 1s);
        VERIFY(timed_out(zero) && timed_out(negative) && timed_out(past));
    });
}

TEST_CASE("a timeout for ever is none") {
    fixture::at_each_worker_count([] {
        const std::size_t before = timers();
        auto [ctx, cancel] = with_timeout(Context::background(), std::chrono::hours::max());
        VERIFY(!ctx.deadline() && !ctx.cancelled() && timers() == before);
    });
}

TEST_CASE("the earlier deadline counts, whichever is above") {
    fixture::at_each_worker_count([] {
        auto [outer, c1] = with_timeout(Context::background(), 2ms);
        auto [later, c2] = with_timeout(outer, 1h);
        VERIFY(later.deadline() == outer.deadline());
        later.done().receive();
        VERIFY(timed_out(later) && timed_out(outer));
        auto [wide, c3] = with_timeout(Context::background(), 1h);
        auto [narrow, c4] = with_timeout(wide, 2ms);
        VERIFY(*narrow.deadline() < *wide.deadline());
        narrow.done().receive();
        VERIFY(timed_out(narrow) && !wide.cancelled());
    });
}

TEST_CASE("a deadline shows in what is made from the context") {
    fixture::at_each_worker_count([] {
        const auto at = Clock::now() + 1h;
        auto [ctx, c1] = with_deadline(Context::background(), at);
        auto [child, c2] = with_cancel(ctx);
        VERIFY(ctx.deadline() == at && child.deadline() == at);
        VERIFY(!Context::background().deadline());
        VERIFY(!gofer::without_cancel(child).deadline());
    });
}

TEST_CASE("a child that its parent's deadline ended has timed out") {
    fixture::at_each_worker_count([] {
        auto [ctx, c1] = with_timeout(Context::background(), 1ms);
        auto [child, c2] = with_cancel(ctx);
        child.done().receive();
        VERIFY(timed_out(child));
    });
}

TEST_CASE("cancelling in time is cancelling, and takes the timer away at once") {
    fixture::at_each_worker_count([] {
        const std::size_t before = timers();
        auto [parent, cancel_parent] = with_cancel(Context::background());
        auto [ctx, cancel] = with_timeout(parent, 1h);
        auto [other, cancel_other] = with_timeout(parent, 1h);
        VERIFY(timers() == before + 2);
        cancel();
        VERIFY(ctx.err() == std::errc::operation_canceled && timers() == before + 1);
        cancel_parent();
        VERIFY(other.err() == std::errc::operation_canceled && timers() == before);
    });
}

TEST_CASE("contexts that are dropped take their timers with them") {
    fixture::at_each_worker_count([] {
        const std::size_t before = timers();
        for (int i = 0; i < 100; ++i) static_cast<void>(with_timeout(Context::background(), 1h));
        VERIFY(timers() == before);
    });
}

TEST_CASE("a plain thread's deadline ends its wait though no goroutine runs") {
    fixture::on_a_plain_thread([] {
        auto [ctx, cancel] = with_timeout(Context::background(), 2ms);
        const gofer::Channel<int> never;
        VERIFY(!never.receive(ctx));
        VERIFY(timed_out(ctx));
    });
}

TEST_CASE("a deadline outlives the runtime it was set in") {
    std::optional<gofer::WithCancel> made;
    gofer::run(fixture::with_workers(2), [&] { made.emplace(with_timeout(Context(), 20ms)); });
    made->ctx.done().receive();
    CHECK(timed_out(made->ctx));
}

TEST_CASE("a deadline that outlives its runtime, where no thread is to be had for another, can be cancelled and is told of") {
    const auto death = fixture::death_of([] {
        std::vector<gofer::WithCancel> made;
        gofer::Runtime runtime(fixture::with_workers(1));
        runtime.run([&] {
            for (int i = 0; i < 3; ++i) made.push_back(with_timeout(Context(), 1h));
        });
        if (!fixture::refuse_threads()) {
            std::fputs("3 timers, and ended", stderr); // this system lets nobody refuse system calls
            return;
        }
        runtime.shutdown();
        for (auto& [ctx, cancel] : made) cancel();
        if (made[0].ctx.err() == std::errc::operation_canceled) std::fputs("and ended", stderr);
    });
    CHECK(death.signal == 0);
    CHECK(death.says("3 timers"));
    CHECK(death.says("and ended"));
}

TEST_CASE("cancel racing with the deadline: one of them ends it") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 400; ++i) {
            auto [ctx, cancel] = with_timeout(Context::background(), std::chrono::microseconds{i % 50});
            if (i % 3 == 0) gofer::yield();
            cancel();
            VERIFY(ctx.err() == std::errc::timed_out || ctx.err() == std::errc::operation_canceled);
            const auto code = ctx.err();
            gofer::yield();
            VERIFY(ctx.err() == code);
        }
    });
}

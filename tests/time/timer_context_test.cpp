// Contexts end waits on timers, and leave the timer to the others who wait.
#include <chrono>
#include <optional>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("a wait on a timer ends with its context, and the timer goes on") {
    fixture::at_each_worker_count([] {
        const gofer::Timer t{1h};
        auto [ctx, cancel] = gofer::with_cancel(gofer::Context::background());
        gofer::WaitGroup wg;
        wg.go([&, ctx = ctx] { VERIFY(!t.channel().receive(ctx)); });
        fixture::parked_reaches(1);
        wg.go([&] { VERIFY(t.channel().receive()); }); // follows the one whose context ends
        fixture::parked_reaches(2);
        cancel();
        t.reset(1ms);
        wg.wait();
        VERIFY(!t.channel().receive(ctx));
    });
}

TEST_CASE("one that follows ends with its context, and the one on watch goes on") {
    fixture::at_each_worker_count([] {
        const gofer::Timer t{1h};
        auto [ctx, cancel] = gofer::with_cancel(gofer::Context::background());
        gofer::WaitGroup wg, follower;
        wg.go([&] { VERIFY(t.channel().receive()); });
        fixture::parked_reaches(1);
        follower.go([&, ctx = ctx] { VERIFY(!t.channel().receive(ctx)); });
        fixture::parked_reaches(2);
        cancel();
        follower.wait();
        VERIFY(t.reset(0s));
        wg.wait();
    });
}

TEST_CASE("whichever comes first, the tick or the end of a context") {
    const auto ticks_before_the_end = [] {
        const gofer::Ticker ticker{100us};
        auto [ctx, cancel] = gofer::with_timeout(gofer::Context::background(), 3ms);
        int ticks = 0;
        while (ticker.channel().receive(ctx)) ++ticks;
        VERIFY(ctx.cancelled());
        while (gofer::select(gofer::recv(ticker.channel()), gofer::recv(ctx.done())) == 0) ++ticks;
        return ticks;
    };
    fixture::at_each_worker_count([&] {
        // On a machine under load the context may have ended before the first look: then once more.
        int ticks = 0;
        for (int attempt = 0; attempt < 10 && ticks == 0; ++attempt) ticks = ticks_before_the_end();
        VERIFY(ticks > 0);
    });
}

// Every blocking call that takes a context, with a real one: it ends them all, and nothing of them is left.
#include <chrono>
#include <mutex>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;
using gofer::Context;

namespace {

/// Parks in f(ctx), which must fail when the context ends; called again with the ended one it must fail at once.
template <class F>
void ends_by_context(F f) {
    auto [ctx, cancel] = gofer::with_cancel(Context::background());
    gofer::WaitGroup wg;
    wg.go([&f, ctx = ctx] { VERIFY(!f(ctx)); });
    fixture::parked_reaches(1);
    cancel();
    wg.wait();
    VERIFY(!f(ctx));
    auto [timed, cancel_timed] = gofer::with_timeout(Context::background(), 1ms);
    VERIFY(!f(timed));
    VERIFY(timed.err() == std::errc::timed_out);
}

} // namespace

TEST_CASE("a context ends waits for a WaitGroup and a Semaphore, which go on as if nothing had been") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup group;
        group.add();
        ends_by_context([&group](const Context& ctx) { return group.wait(ctx); });
        group.done();
        VERIFY(group.wait(Context()));

        gofer::Semaphore semaphore(3);
        semaphore.acquire(2);
        ends_by_context([&semaphore](const Context& ctx) { return semaphore.acquire(ctx, 2); });
        VERIFY(semaphore.acquire(Context(), 1));
        semaphore.release(3);
        VERIFY(semaphore.try_acquire(3));
        semaphore.release(3);
    });
}

TEST_CASE("a context ends sends, receives and sleeps") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c, nil(nullptr);
        ends_by_context([c](const Context& ctx) { return c.receive(ctx).has_value(); });
        ends_by_context([c](const Context& ctx) { return c.send(1, ctx); });
        ends_by_context([nil](const Context& ctx) { return nil.receive(ctx).has_value(); });
        ends_by_context([nil](const Context& ctx) { return nil.send(ctx, 1); });
        ends_by_context([](const Context& ctx) { return gofer::sleep_for(ctx, 1h); });
        ends_by_context([](const Context& ctx) { return gofer::sleep_until(ctx, gofer::Clock::now() + 1h); });
        VERIFY(!c.try_send(1) && c.try_receive().empty());
    });
}

TEST_CASE("a context ends waits for timers, which fire for those who come later") {
    fixture::at_each_worker_count([] {
        const gofer::Timer timer(1h);
        ends_by_context([&timer](const Context& ctx) { return timer.channel().receive(ctx).has_value(); });
        auto [ctx, cancel] = gofer::with_timeout(Context::background(), 1h);
        VERIFY(gofer::after(1ms).receive(ctx).has_value());
    });
}

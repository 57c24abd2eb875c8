// The context of a runtime ends when its work does.
#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;
using gofer::Context;

TEST_CASE("the background is one context for all goroutines of a runtime, open while its function runs") {
    fixture::at_each_worker_count([] {
        const Context ctx = Context::background();
        gofer::WaitGroup wg;
        for (int i = 0; i < 10; ++i) wg.go([ctx] { VERIFY(ctx == Context::background()); });
        wg.wait();
        VERIFY(ctx.done() != nullptr && !ctx.cancelled() && !ctx.deadline());
    });
}

TEST_CASE("goroutines that wait for the background end in the grace of their run") {
    std::atomic<int> ended{0};
    std::optional<Context> outside;
    const fixture::LeakProof proof;
    gofer::run(fixture::with_workers(2), [&] {
        outside = Context::background();
        for (int i = 0; i < 100; ++i)
            gofer::go([&ended] {
                const gofer::Channel<int> never;
                never.receive(Context::background());
                ++ended;
            });
        fixture::parked_reaches(100);
        VERIFY(ended == 0);
    });
    fixture::require_no_failures();
    CHECK(ended == 100);
    CHECK(outside->err() == std::errc::operation_canceled);
    proof.require_clean();
}

TEST_CASE("the background ends when the function of run throws, too") {
    std::atomic<bool> ended{false};
    CHECK_THROWS_AS(gofer::run(fixture::with_workers(2),
                               [&] {
                                   gofer::go([&ended] {
                                       Context::background().done().receive();
                                       ended = true;
                                   });
                                   throw std::runtime_error("out");
                               }),
                    std::runtime_error);
    CHECK(ended);
}

TEST_CASE("one who first asks for the background in the grace finds that it has ended") {
    std::atomic<bool> ended{false};
    gofer::run(fixture::with_workers(1), [&] {
        gofer::go([&ended] {
            gofer::sleep_for(5ms);
            Context::background().done().receive();
            ended = Context::background().cancelled();
        });
    });
    CHECK(ended);
}

TEST_CASE("the background of an inner run ends before the outer one's") {
    fixture::at_each_worker_count([] {
        Context inner;
        gofer::run(fixture::with_workers(2), [&inner] { inner = Context::background(); });
        VERIFY(inner.cancelled());
        VERIFY(inner != Context::background() && !Context::background().cancelled());
    });
}

TEST_CASE("a context made from the background ends with it, and not one without_cancel") {
    Context child, apart;
    std::optional<gofer::CancelFunc> cancel;
    gofer::run(fixture::with_workers(2), [&] {
        auto made = gofer::with_cancel(Context::background());
        child = made.ctx;
        cancel = std::move(made.cancel);
        apart = gofer::without_cancel(child);
        VERIFY(!child.cancelled());
    });
    fixture::require_no_failures();
    CHECK(child.cancelled());
    CHECK(!apart.cancelled());
}

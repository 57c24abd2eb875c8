// Blocking calls that a context ends: at once when it has ended before, without effect, and with nothing left behind.
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/memory.hpp"

using namespace std::chrono_literals;
using gofer::Channel;
using gofer::Context;
using gofer::with_cancel;
using Pointer = std::unique_ptr<int>;

namespace {

Context ended() {
    const auto made = with_cancel(Context());
    made.cancel();
    return made.ctx;
}

} // namespace

TEST_CASE("a context that has ended keeps a call even from what is ready") {
    fixture::at_each_worker_count([] {
        const Channel<int> c(2);
        c.send(1);
        const Context over = ended();
        VERIFY(!c.receive(over));
        VERIFY(!c.send(2, over) && !c.send(over, 2));
        VERIFY(c.size() == 1);
        VERIFY(!gofer::sleep_for(over, 1h) && !gofer::sleep_for(0s, over));
        c.close();
        VERIFY(!c.send(2, over));
    });
}

TEST_CASE("a context that goes on keeps no call from anything") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const Channel<int> c(2), unbuffered;
        const int lvalue = 2;
        VERIFY(c.send(1, ctx) && c.send(ctx, lvalue));
        VERIFY(c.receive(ctx) == 1 && c.receive(ctx) == 2);
        gofer::WaitGroup wg;
        wg.go([ctx = ctx, unbuffered] { VERIFY(unbuffered.send(3, ctx)); });
        VERIFY(unbuffered.receive(ctx) == 3);
        wg.wait();
        VERIFY(gofer::sleep_for(ctx, 1ms) && gofer::sleep_for(1ms, ctx));
        VERIFY(gofer::sleep_until(ctx, gofer::Clock::now() + 1ms));
        VERIFY(gofer::sleep_until(std::chrono::system_clock::now() + 1ms, ctx));
        c.close();
        VERIFY(!c.receive(ctx));
        VERIFY(fixture::throws<gofer::ChannelClosed>([&, ctx = ctx] { (void)c.send(1, ctx); }));
    });
}

TEST_CASE("a context that never ends makes a plain call of it") {
    fixture::at_each_worker_count([] {
        const Channel<int> c(1);
        VERIFY(c.send(1, Context()) && c.receive(Context()) == 1);
        VERIFY(gofer::sleep_for(Context(), 1us));
    });
}

TEST_CASE("the ends of a channel take a context, too") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const Channel<int> c(1);
        const gofer::Sender<int> in = c;
        const gofer::Receiver<int> out = c;
        VERIFY(in.send(1, ctx) && out.receive(ctx) == 1);
        VERIFY(in.send(ctx, 2) && out.receive(ctx) == 2);
        cancel();
        VERIFY(!in.send(3, ctx) && !out.receive(ctx));
    });
}

TEST_CASE("a send that the context ends leaves the value untouched") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const Channel<Pointer> c;
        gofer::WaitGroup wg;
        for (const bool context_first : {false, true})
            wg.go([ctx = ctx, c, context_first] {
                auto value = std::make_unique<int>(1);
                VERIFY(!(context_first ? c.send(ctx, std::move(value)) : c.send(std::move(value), ctx)));
                VERIFY(value != nullptr && *value == 1);
            });
        fixture::parked_reaches(2);
        cancel();
        wg.wait();
        VERIFY(c.try_receive().empty());
    });
}

TEST_CASE("a nil channel waits for the context alone") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = gofer::with_timeout(Context::background(), 2ms);
        const Channel<int> nil(nullptr);
        VERIFY(!nil.receive(ctx));
        VERIFY(!nil.send(1, ctx));
    });
}

TEST_CASE("a channel of contexts sends one until another ends") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const Channel<Context> c(1);
        VERIFY(c.send(Context(), ctx));
        VERIFY(c.receive(ctx) == Context());
    });
}

TEST_CASE("the end of a context takes a receive out of the line and leaves the others in theirs") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const Channel<int> c;
        gofer::WaitGroup first, second, ending;
        first.go([c] { VERIFY(c.receive() == 1); });
        fixture::parked_reaches(1);
        ending.go([c, ctx = ctx] { VERIFY(!c.receive(ctx)); });
        fixture::parked_reaches(2);
        second.go([c] { VERIFY(c.receive() == 2); });
        fixture::parked_reaches(3);
        cancel();
        ending.wait();
        c.send(1);
        first.wait();
        c.send(2);
        second.wait();
    });
}

TEST_CASE("the context ends while the partner comes: the value arrives, or stays with its sender") {
    fixture::at_each_worker_count([] {
        for (int round = 0; round < 500; ++round) {
            auto [ctx, cancel] = with_cancel(Context::background());
            const Channel<fixture::Lone> c(round % 2);
            std::atomic<bool> sent{false};
            gofer::WaitGroup wg;
            wg.go([&, ctx = ctx] {
                fixture::Lone value{round};
                sent = c.send(std::move(value), ctx);
                VERIFY((value.value == round) != sent);
            });
            wg.go([&cancel = cancel, round] {
                if (round % 3 == 0) gofer::yield();
                cancel();
            });
            auto got = c.receive(ctx);
            wg.wait();
            if (!got && sent && round % 2) got = *c.try_receive();
            VERIFY(got.has_value() == sent && (!got || got->value == round));
        }
    });
}

TEST_CASE("a context that ends between a call's first look at it and its wait ends the wait") {
    fixture::at_each_worker_count([] {
        const Channel<int> c;
        std::optional<int> out;
        const Context over = ended();
        VERIFY(c.core()->receive(out, gofer::wait::Until::end_of(over)) == gofer::chan::Result::interrupted);
        VERIFY(!c.try_send(1));
    });
}

TEST_CASE("a select takes the end of a context as a case") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const Channel<int> c;
        gofer::WaitGroup wg;
        wg.go([c, ctx = ctx] { VERIFY(gofer::select(gofer::recv(c), gofer::recv(ctx.done())) == 1); });
        fixture::parked_reaches(1);
        cancel();
        wg.wait();
    });
}

TEST_CASE("a million receives that time or a context ended leave nothing behind") {
    static constexpr int rounds = gofer::base::asan_build || gofer::base::tsan_build ? 5'000 : 500'000;
    gofer::run(fixture::with_workers(2), [] {
        auto [living, cancel_living] = with_cancel(Context::background());
        const Channel<int> c;
        auto loop = [&, living = living](int n) {
            for (int i = 0; i < n; ++i) {
                VERIFY(!c.receive_for(1us));
                auto [ctx, cancel] = with_cancel(living);
                gofer::go([cancel = std::move(cancel)] { cancel(); });
                VERIFY(!c.receive(ctx));
            }
        };
        loop(1'000);
        const std::size_t before = fixture::allocated_bytes();
        loop(rounds);
        VERIFY(fixture::grew_less_than(1 << 20, before));
        VERIFY(!c.try_send(1));
    });
    fixture::require_no_failures();
}

// To TSan it is a race, and rightly so: nothing orders the call's look at the handle before the end of the handle.
TEST_CASE("a wait may outlive every handle of its context") {
    if constexpr (gofer::base::tsan_build) return;
    fixture::at_each_worker_count([] {
        auto made = std::make_unique<gofer::WithCancel>(with_cancel(Context::background()));
        gofer::WaitGroup wg;
        wg.go([&made] {
            const Channel<int> never;
            VERIFY(!never.receive(made->ctx));
        });
        fixture::parked_reaches(1);
        made.reset();
        wg.wait();
    });
}

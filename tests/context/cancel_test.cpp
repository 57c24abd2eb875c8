// Cancelling: who ends, why, and in what order it shows. Behaviour after Go's context package and its tests
// (context_test.go, x_test.go).
#include <atomic>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;
using gofer::Context;
using gofer::with_cancel;

namespace {

bool is_open(const Context& ctx) {
    return !ctx.cancelled() && !ctx.err() && ctx.cause() == nullptr && ctx.done().try_receive().empty();
}
bool is_cancelled(const Context& ctx) {
    return ctx.cancelled() && ctx.err() == std::errc::operation_canceled && ctx.cause() != nullptr &&
           ctx.done().try_receive().closed();
}

/// The message of an exception; empty if there is none.
std::string what(const std::exception_ptr& e) {
    try {
        if (e) std::rethrow_exception(e);
    } catch (const std::exception& thrown) {
        return thrown.what();
    }
    return {};
}

std::exception_ptr error(const char* text) {
    return std::make_exception_ptr(std::runtime_error(text));
}

} // namespace

TEST_CASE("a context is open until it is cancelled, and stays cancelled") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        VERIFY(is_open(ctx));
        cancel();
        VERIFY(is_cancelled(ctx));
        cancel();
        VERIFY(is_cancelled(ctx));
    });
}

TEST_CASE("the end of a context reaches all below it and none above or beside it") {
    fixture::at_each_worker_count([] {
        auto [top, cancel_top] = with_cancel(Context::background());
        auto [left, cancel_left] = with_cancel(top);
        auto [right, cancel_right] = with_cancel(top);
        auto [below, cancel_below] = with_cancel(left);
        cancel_left();
        VERIFY(is_cancelled(left) && is_cancelled(below));
        VERIFY(is_open(top) && is_open(right));
        cancel_top();
        VERIFY(is_cancelled(top) && is_cancelled(right));
    });
}

TEST_CASE("a child of a context that has ended has ended, for the same reason") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        cancel(error("too late"));
        auto [child, cancel_child] = with_cancel(ctx);
        VERIFY(is_cancelled(child));
        VERIFY(what(child.cause()) == "too late");
    });
}

TEST_CASE("the cause is the one given to the first cancel, and is handed down") {
    fixture::at_each_worker_count([] {
        auto [parent, cancel_parent] = with_cancel(Context::background());
        auto [child, cancel_child] = with_cancel(parent);
        auto [early, cancel_early] = with_cancel(parent);
        cancel_early(error("of the child"));
        cancel_parent(error("of the parent"));
        cancel_parent(error("second"));
        cancel_child(error("third"));
        VERIFY(what(parent.cause()) == "of the parent");
        VERIFY(what(child.cause()) == "of the parent");
        VERIFY(what(early.cause()) == "of the child");
        VERIFY(child.err() == std::errc::operation_canceled);
    });
}

TEST_CASE("without a cause it is a Cancelled") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        auto [other, cancel_other] = with_cancel(Context::background());
        cancel();
        cancel_other(nullptr);
        for (const Context& ended : {ctx, other}) {
            try {
                std::rethrow_exception(ended.cause());
            } catch (const gofer::Cancelled& e) {
                VERIFY(e.code() == std::errc::operation_canceled);
                continue;
            }
            VERIFY(false);
        }
    });
}

TEST_CASE("check throws Cancelled once the context has ended") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        ctx.check();
        cancel(error("not this"));
        VERIFY(fixture::throws<gofer::Cancelled>([ctx = ctx] { ctx.check(); }));
        VERIFY(fixture::throws<std::system_error>([ctx = ctx] { ctx.check(); }));
    });
}

TEST_CASE("dropping the CancelFunc ends the context") {
    fixture::at_each_worker_count([] {
        Context kept;
        {
            auto [ctx, cancel] = with_cancel(Context::background());
            kept = ctx;
            VERIFY(is_open(kept));
        }
        VERIFY(is_cancelled(kept));
    });
}

TEST_CASE("a CancelFunc that was moved away ends nothing, and the new one does") {
    fixture::at_each_worker_count([] {
        auto first = with_cancel(Context::background());
        const Context ctx = first.ctx;
        std::optional<gofer::CancelFunc> moved;
        {
            auto old = std::move(first);
            moved.emplace(std::move(old.cancel));
        }
        VERIFY(is_open(ctx));
        (*moved)();
        VERIFY(is_cancelled(ctx));
    });
}

TEST_CASE("what is assigned over a WithCancel ends the old context") {
    fixture::at_each_worker_count([] {
        auto current = with_cancel(Context::background());
        const Context old = current.ctx;
        current = with_cancel(Context::background());
        VERIFY(is_cancelled(old) && is_open(current.ctx));
        current.cancel();
        VERIFY(is_cancelled(current.ctx));
    });
}

TEST_CASE("copies are one context, and their done channel is one") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const Context copy = ctx;
        VERIFY(copy == ctx && copy.done() == ctx.done());
        auto [child, cancel_child] = with_cancel(ctx);
        VERIFY(child != ctx && child.done() != ctx.done());
    });
}

TEST_CASE("the root never ends") {
    fixture::on_a_plain_thread([] {
        const Context root, background = Context::background();
        for (const Context& ctx : {root, background}) {
            VERIFY(!ctx.cancelled() && !ctx.err() && !ctx.cause() && !ctx.deadline());
            VERIFY(ctx.done() == nullptr);
            VERIFY(!ctx.stop_token().stop_possible());
            ctx.check();
        }
    });
}

TEST_CASE("everyone who waits for the end is woken: on the channel, in a receive, asleep") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const gofer::Channel<int> never;
        gofer::WaitGroup wg;
        for (int i = 0; i < 10; ++i) {
            wg.go([ctx = ctx] {
                VERIFY(!ctx.done().receive());
                VERIFY(is_cancelled(ctx));
            });
            wg.go([ctx = ctx, never] {
                VERIFY(!never.receive(ctx));
                VERIFY(ctx.cancelled());
            });
            wg.go([ctx = ctx] { VERIFY(!gofer::sleep_for(ctx, 1h)); });
        }
        fixture::parked_reaches(30);
        cancel();
        wg.wait();
    });
}

TEST_CASE("whoever sees the done channel closed sees the reason") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 200; ++i) {
            auto [ctx, cancel] = with_cancel(Context::background());
            gofer::WaitGroup wg;
            wg.go([ctx = ctx] {
                ctx.done().receive();
                VERIFY(ctx.err() == std::errc::operation_canceled);
                VERIFY(what(ctx.cause()) == "reason");
            });
            if (i % 2) gofer::yield();
            cancel(error("reason"));
            wg.wait();
        }
    });
}

TEST_CASE("a plain thread cancels what goroutines wait for, and waits for what a goroutine cancels") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        auto [back, cancel_back] = with_cancel(Context::background());
        std::thread thread{[&cancel = cancel, back = back] {
            cancel();
            VERIFY(!back.done().receive());
            VERIFY(is_cancelled(back));
        }};
        const gofer::Channel<int> never;
        VERIFY(!never.receive(ctx));
        cancel_back();
        thread.join();
    });
}

TEST_CASE("contexts of plain threads work without a goroutine anywhere") {
    fixture::on_a_plain_thread([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const gofer::Channel<int> never;
        std::thread waiting{[ctx = ctx, never] { VERIFY(!never.receive(ctx)); }};
        cancel();
        waiting.join();
        VERIFY(is_cancelled(ctx));
    });
}

TEST_CASE("an owner that is woken by the end of its context may leave while cancel is still under way") {
    auto body = [] {
        // Holds the wave up until the owner has left, after the waits were woken.
        struct Holder : gofer::context::Follower {
            std::atomic<bool> left{false};
        } holder;
        holder.fire = [](gofer::context::Follower& self) noexcept {
            while (!static_cast<Holder&>(self).left) std::this_thread::yield();
        };
        auto [above, cancel_above] = with_cancel(Context::background());
        std::thread canceller;
        {
            auto [ctx, cancel] = with_cancel(above);
            VERIFY(ctx.node()->scope->follow(holder));
            canceller = std::thread{[&cancel = cancel, &runtime = gofer::Runtime::current()] {
                VERIFY(fixture::eventually([&runtime] { return runtime.stats().parked >= 1; }));
                cancel();
            }};
            VERIFY(!gofer::sleep_for(ctx, std::chrono::hours{1}));
        }
        holder.left = true;
        canceller.join();
        cancel_above();
        VERIFY(above.cancelled());
    };
    fixture::at_workers(2, body);
}

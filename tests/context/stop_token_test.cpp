// std::stop_token and contexts, both ways.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>

#include <gofer/gofer.hpp>
#include <gofer/sched/search.hpp>

#include "../support/catch.hpp"
#include "../support/dying_runtime.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;
using gofer::Context;
using gofer::with_cancel;
using gofer::with_stop_token;

namespace {

const gofer::Key<std::shared_ptr<int>> shared;

} // namespace

TEST_CASE("a request to stop ends the context of the token, and all below it") {
    fixture::at_each_worker_count([] {
        std::stop_source source;
        const Context ctx = with_stop_token(Context::background(), source.get_token());
        auto [child, cancel] = with_cancel(ctx);
        VERIFY(!ctx.cancelled() && !child.cancelled());
        source.request_stop();
        VERIFY(ctx.err() == std::errc::operation_canceled && child.cancelled());
    });
}

TEST_CASE("a context of a token that was stopped has ended, and one of a token that cannot be is its parent") {
    fixture::at_each_worker_count([] {
        std::stop_source source;
        source.request_stop();
        VERIFY(with_stop_token(Context::background(), source.get_token()).cancelled());
        auto [ctx, cancel] = with_cancel(Context::background());
        VERIFY(with_stop_token(ctx, std::stop_token{}) == ctx);
    });
}

TEST_CASE("a context of a token ends with its parent, too") {
    fixture::at_each_worker_count([] {
        std::stop_source source;
        auto [parent, cancel] = with_cancel(Context::background());
        const Context ctx = with_stop_token(parent, source.get_token());
        cancel();
        VERIFY(ctx.cancelled() && !source.stop_requested());
        source.request_stop();
    });
}

TEST_CASE("the token of a context is stopped when it ends, by the call that ends it") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const std::stop_token token = ctx.stop_token();
        VERIFY(token.stop_possible() && !token.stop_requested() && token == ctx.stop_token());
        const auto id = gofer::this_goroutine::id();
        std::uint64_t called_by = 0;
        const std::stop_callback callback(token, [&] { called_by = gofer::this_goroutine::id(); });
        cancel();
        VERIFY(token.stop_requested() && called_by == id);
        VERIFY(ctx.stop_token() == token);
    });
}

TEST_CASE("the first token asked for after the end is stopped") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        cancel();
        VERIFY(ctx.stop_token().stop_requested());
    });
}

TEST_CASE("a stop callback is called without a lock: it may use the context") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        auto [child, cancel_child] = with_cancel(ctx);
        const std::stop_callback callback(ctx.stop_token(), [ctx = ctx, child = child, &cancel = cancel] {
            cancel();
            VERIFY(ctx.cancelled() && child.cancelled() && !ctx.done().receive());
            auto [below, cancel_below] = with_cancel(ctx);
            VERIFY(below.cancelled());
        });
        cancel();
    });
}

TEST_CASE("a deadline stops a token from a goroutine, so that no worker's loop runs the user's code") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = gofer::with_timeout(Context::background(), 1ms);
        std::atomic<int> called{0};
        const std::stop_callback callback(ctx.stop_token(), [&called] {
            called = gofer::this_goroutine::inside() ? 1 : 2;
        });
        VERIFY(fixture::eventually([&called] { return called != 0; }));
        VERIFY(called == 1);
    });
}

TEST_CASE("a goroutine that was to stop tokens and is destroyed unrun gives its contexts back") {
    auto body = [] {
        bool destroyed = false;
        std::weak_ptr<int> kept;
        for (int attempt = 0; attempt < 100 && !destroyed; ++attempt) { // a stand-in may run it before
            auto value = std::make_shared<int>(1);
            kept = value;
            const Context above = gofer::with_value(Context::background(), shared, std::move(value));
            auto [ctx, cancel] = gofer::with_timeout(above, 100us);
            auto [below, cancel_below] = gofer::with_cancel(ctx);
            const std::stop_token tokens[] = {ctx.stop_token(), below.stop_token()};
            while (gofer::Clock::now() < *ctx.deadline()) {
            }
            gofer::sched::Worker& w = *gofer::sched::this_worker();
            {
                const gofer::base::EngineRegion engine;
                gofer::sched::fire_timers(w, w, gofer::base::now_ns());
            }
            const auto telling = w.queue.pop();
            if (!telling) continue;
            VERIFY(telling.is_task() && ctx.cancelled() && below.cancelled());
            VERIFY(!tokens[0].stop_requested() && !tokens[1].stop_requested());
            telling.task()->destroy(&w.records);
            w.ended.add();
            destroyed = true;
        }
        VERIFY(destroyed);
        VERIFY(fixture::eventually([&kept] { return kept.expired(); })); // the default runtime has told them first
    };
    const fixture::LeakProof proof;
    gofer::run(fixture::with_workers(1), body);
    fixture::require_no_failures();
    proof.require_clean_soon(); // the default runtime's goroutine may be on its last steps
}

TEST_CASE("tokens are stopped though the runtime ends before its goroutine for that has run") {
    for (const auto leaks : {gofer::Leaks::abandon, gofer::Leaks::unwind}) {
        auto options = fixture::one_worker_without_grace();
        options.leaks = leaks;
        gofer::Runtime dying{options};
        std::optional<gofer::WithCancel> made;
        std::stop_token token;
        std::atomic<bool> has_ended{false};
        dying.go([&] {
            made.emplace(gofer::with_timeout(Context{}, 100us));
            token = made->ctx.stop_token();
            while (gofer::Clock::now() < *made->ctx.deadline()) {
            }
            gofer::sched::Worker& w = *gofer::sched::this_worker();
            {
                const gofer::base::EngineRegion engine;
                gofer::sched::fire_timers(w, w, gofer::base::now_ns());
            }
            has_ended = true;
            while (!w.scheduler->stopped) std::this_thread::yield(); // the one that is to stop it is in the queue
        });
        CHECK(fixture::eventually([&] { return has_ended.load(); }));
        dying.shutdown();
        CHECK(made->ctx.cancelled());
        CHECK(fixture::eventually([&] { return token.stop_requested(); }));
    }
}

TEST_CASE("there and back again: a jthread's token ends a context whose token stops") {
    fixture::on_a_plain_thread([] {
        std::atomic<bool> listening{false};
        std::jthread thread{[&](std::stop_token token) {
            const Context ctx = with_stop_token(Context(), token);
            const std::stop_token back = ctx.stop_token();
            listening = true;
            ctx.done().receive();
            while (!back.stop_requested()) std::this_thread::yield();
        }};
        while (!listening) std::this_thread::yield();
        thread.request_stop();
    });
}

// The detector of deadlocks counts on such a source.
TEST_CASE("nobody hopes for the source of a context that has ended otherwise") {
    const auto hoped_for = [] { return gofer::context::StopTokens::instance().stop_may_come(); };
    REQUIRE(!hoped_for());
    const std::stop_source source;
    const auto [parent, cancel] = with_cancel(Context());
    const Context before = with_stop_token(parent, source.get_token());
    CHECK(hoped_for());
    cancel();
    CHECK(before.cancelled());
    CHECK(!hoped_for());
    const Context after = with_stop_token(parent, source.get_token());
    CHECK(after.cancelled());
    CHECK(!hoped_for());
}

TEST_CASE("dropping the context while stop is requested is sound") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 300; ++i) {
            std::stop_source source;
            gofer::WaitGroup wg;
            std::optional<Context> ctx(with_stop_token(Context::background(), source.get_token()));
            wg.go([&source] { source.request_stop(); });
            if (i % 2) gofer::yield();
            ctx.reset();
            wg.wait();
        }
    });
}

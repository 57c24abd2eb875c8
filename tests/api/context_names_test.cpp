// A walk down the public interface, its sections on contexts and error groups: every name is there, with the types and
// guards that are promised. Most of it is decided when it compiles.
#include <chrono>
#include <concepts>
#include <csignal>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "concepts.hpp"

using namespace std::chrono_literals;
using gofer::CancelFunc;
using gofer::Context;
using gofer::ErrGroup;
using gofer::WithCancel;

namespace {

inline const gofer::Key<std::string> user;

template <class Ctx>
concept IsContext = std::copyable<Ctx> && requires(const Ctx& ctx) {
    { ctx.done() } -> std::same_as<gofer::Receiver<gofer::Unit>>;
    { ctx.cancelled() } -> std::same_as<bool>;
    { ctx.deadline() } -> std::same_as<std::optional<gofer::Clock::time_point>>;
    { ctx.err() } -> std::same_as<std::error_code>;
    { ctx.cause() } -> std::same_as<std::exception_ptr>;
    { ctx.stop_token() } -> std::same_as<std::stop_token>;
    { ctx.check() } -> std::same_as<void>;
    { ctx.value(user) } -> std::same_as<const std::string*>;
};

template <class T>
concept TakesContexts = requires(const T& c, const int& lvalue, const Context& ctx) {
    { c.send(1, ctx) } -> std::same_as<bool>;
    { c.send(ctx, 1) } -> std::same_as<bool>;
    { c.send(lvalue, ctx) } -> std::same_as<bool>;
    { c.send(ctx, lvalue) } -> std::same_as<bool>;
};

template <class T>
concept GivesToContexts = requires(const T& c, const Context& ctx) {
    { c.receive(ctx) } -> std::same_as<std::optional<int>>;
};

template <class K>
concept TakesTemporaryKey = requires(const Context& ctx) { with_value(ctx, K{}, 1); };

template <class K>
concept LooksUpTemporaryKey = requires(const Context& ctx) { ctx.value(K{}); };

} // namespace

TEST_CASE("Context is a cheap handle with const operations") {
    STATIC_REQUIRE(IsContext<Context>);
    STATIC_REQUIRE(sizeof(Context) == sizeof(void*));
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Context>);
    STATIC_REQUIRE(std::equality_comparable<Context>);
    STATIC_REQUIRE(gofer::wait::Ending<Context>);
    STATIC_REQUIRE(std::same_as<decltype(Context::background()), Context>);
}

TEST_CASE("with_cancel and its kin give a context and a CancelFunc, by name and by structured binding") {
    auto [ctx, cancel] = gofer::with_cancel(Context::background());
    STATIC_REQUIRE(std::same_as<decltype(ctx), Context>);
    STATIC_REQUIRE(std::same_as<decltype(cancel), CancelFunc>);
    const auto& both = gofer::with_timeout(ctx, 1h);
    STATIC_REQUIRE(std::convertible_to<decltype((both.ctx)), const Context&>);
    STATIC_REQUIRE(std::same_as<decltype(both.cancel), CancelFunc>);
    STATIC_REQUIRE(std::same_as<decltype(gofer::with_timeout(ctx, 1.5s)), WithCancel>);
    STATIC_REQUIRE(std::same_as<decltype(gofer::with_deadline(ctx, gofer::Clock::now())), WithCancel>);
    STATIC_REQUIRE(std::same_as<decltype(gofer::with_signals(ctx, {SIGINT, SIGTERM})), WithCancel>);
    STATIC_REQUIRE(std::same_as<decltype(gofer::signals({SIGINT, SIGTERM})), gofer::Receiver<int>>);
    STATIC_REQUIRE(MovesOnly<WithCancel>);
    STATIC_REQUIRE(MovesOnly<CancelFunc>);
    both.cancel();
    std::as_const(cancel)(std::make_exception_ptr(std::runtime_error("why")));
    CHECK((both.ctx.cancelled() && ctx.cancelled()));
}

TEST_CASE("the bound names are variables: assigned, captured, moved, passed on") {
    auto [ctx, cancel] = gofer::with_cancel(Context::background());
    const Context first = ctx;
    ctx = gofer::with_value(ctx, user, "ann");
    const auto in_a_closure = [ctx = ctx, cancel = std::move(cancel), only = std::make_unique<int>(1)] {
        cancel();
        return *ctx.value(user);
    };
    CHECK(!first.cancelled());
    CHECK(in_a_closure() == "ann");
    CHECK(first.cancelled());
    auto [c2, k2] = gofer::with_cancel(Context::background());
    const auto moved = std::move(c2);
    const auto made = gofer::with_cancel(moved);
    const auto& [c3, k3] = made;
    k3();
    CHECK((c3.cancelled() && !moved.cancelled()));
}

TEST_CASE("the context of a WithCancel is copied, also into what goroutines are given") {
    auto made = gofer::with_cancel(Context::background());
    const Context copy = made.ctx;
    gofer::Channel<bool> seen;
    gofer::go([ctx = made.ctx, only = std::make_unique<int>(1), seen] { seen.send(ctx.done().receive().has_value()); });
    made.cancel();
    CHECK(seen.receive() == false);
    CHECK(copy == made.ctx);
}

TEST_CASE("the .ctx of what with_cancel gives can be handed to a goroutine as it is") {
    const WithCancel made = gofer::with_cancel(Context::background());
    const auto is_made = [](Context ctx, const WithCancel* by) { return ctx == by->ctx; };
    CHECK(gofer::async(is_made, made.ctx, &made).get());
    CHECK(std::bind(is_made, made.ctx, std::placeholders::_1)(&made));
    CHECK(std::apply(is_made, std::make_tuple(made.ctx, &made)));
    const auto copied = [copy = made.ctx]() mutable -> Context { return std::move(copy); };
    CHECK(gofer::async(copied).get() == made.ctx);
}

TEST_CASE("what is dropped at once does not come out of a temporary") {
    STATIC_REQUIRE(!std::is_constructible_v<Context, decltype((std::declval<WithCancel>().ctx))>);
    STATIC_REQUIRE(std::is_constructible_v<Context, decltype((std::declval<WithCancel&>().ctx))>);
}

TEST_CASE("keys are constants with an address") {
    STATIC_REQUIRE(!std::copy_constructible<gofer::Key<int>>);
    STATIC_REQUIRE(!TakesTemporaryKey<gofer::Key<int>>);
    STATIC_REQUIRE(!LooksUpTemporaryKey<gofer::Key<int>>);
    STATIC_REQUIRE(std::same_as<decltype(gofer::with_value(Context(), user, "x")), Context>);
}

TEST_CASE("contexts without cancellation, of a stop_token, and what runs at their end") {
    STATIC_REQUIRE(std::same_as<decltype(gofer::without_cancel(Context())), Context>);
    STATIC_REQUIRE(std::same_as<decltype(gofer::with_stop_token(Context(), std::stop_token{})), Context>);
    auto stop = gofer::after_func(Context(), [] {});
    STATIC_REQUIRE(std::same_as<decltype(stop()), bool>);
    gofer::after_func(Context(), [] {});
    stop();
}

TEST_CASE("channels and sleep take contexts") {
    STATIC_REQUIRE(TakesContexts<gofer::Channel<int>>);
    STATIC_REQUIRE(TakesContexts<gofer::Sender<int>>);
    STATIC_REQUIRE(GivesToContexts<gofer::Channel<int>>);
    STATIC_REQUIRE(GivesToContexts<gofer::Receiver<int>>);
    STATIC_REQUIRE(requires(const gofer::Channel<std::unique_ptr<int>>& c, std::unique_ptr<int> p) {
        { c.send(std::move(p), Context()) } -> std::same_as<bool>;
        { c.send(Context(), std::move(p)) } -> std::same_as<bool>;
    });
    STATIC_REQUIRE(std::same_as<decltype(gofer::sleep_for(Context(), 1ms)), bool>);
    STATIC_REQUIRE(std::same_as<decltype(gofer::sleep_for(1ms, Context())), bool>);
    gofer::Channel<int> c(1);
    CHECK(c.send(1, Context()));
    c.receive(Context());
}

TEST_CASE("Cancelled is a system_error with the reason") {
    STATIC_REQUIRE(std::derived_from<gofer::Cancelled, std::system_error>);
    auto [ctx, cancel] = gofer::with_timeout(Context(), 0s);
    try {
        ctx.check();
        FAIL("it has ended");
    } catch (const std::system_error& e) {
        CHECK(e.code() == std::errc::timed_out);
        CHECK(e.code() == ctx.err());
    }
}

TEST_CASE("an ErrGroup has all its calls") {
    ErrGroup g;
    ErrGroup below(g.context());
    STATIC_REQUIRE(!std::move_constructible<ErrGroup>);
    STATIC_REQUIRE(!std::is_convertible_v<Context, ErrGroup>);
    STATIC_REQUIRE(std::same_as<decltype(g.context()), Context>);
    STATIC_REQUIRE(std::same_as<decltype(g.try_go([] {})), bool>);
    g.set_limit(10);
    g.go([] {});
    g.go([](Context) {});
    g.go([](const Context&) { return std::error_code{}; });
    CHECK(g.try_go([only = std::make_unique<int>(1)] { return std::error_code{}; }));
    g.wait();
    g.wait();
    CHECK(below.context().cancelled());
}

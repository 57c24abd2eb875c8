// after_func on contexts, and its race with stop. Behaviour after Go's afterfunc_test.go.
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using gofer::after_func;
using gofer::Channel;
using gofer::Context;
using gofer::with_cancel;

TEST_CASE("the function runs once, in a goroutine of its own, after the context has ended") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const Channel<std::uint64_t> ran(2);
        auto stop = after_func(ctx, [ran, ctx = ctx] {
            VERIFY(ctx.cancelled());
            ran.send(gofer::this_goroutine::id());
        });
        VERIFY(ran.try_receive().empty());
        cancel();
        const auto id = ran.receive();
        VERIFY(id != 0 && id != gofer::this_goroutine::id());
        cancel();
        VERIFY(!stop());
        VERIFY(ran.try_receive().empty());
    });
}

TEST_CASE("on a context that has ended the function runs at once") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        cancel();
        const Channel<int> ran;
        auto stop = after_func(ctx, [ran] { ran.send(1); });
        VERIFY(ran.receive() == 1);
        VERIFY(!stop());
    });
}

TEST_CASE("stop keeps the function from running, says so once, and destroys it") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const long before = fixture::Alive::count;
        auto stop = after_func(ctx, [value = fixture::Lone{1}] { VERIFY(false); });
        const auto copy = stop;
        VERIFY(fixture::Alive::count == before + 1);
        VERIFY(stop());
        VERIFY(fixture::Alive::count == before);
        VERIFY(!stop() && !copy());
        cancel();
    });
}

TEST_CASE("dropping the handle changes nothing, and the function keeps its context") {
    fixture::at_each_worker_count([] {
        const Channel<int> ran;
        std::stop_source source;
        after_func(gofer::with_stop_token(Context::background(), source.get_token()), [ran] { ran.send(1); });
        source.request_stop();
        VERIFY(ran.receive() == 1);
    });
}

TEST_CASE("the end of a parent or a deadline runs the function, too") {
    fixture::at_each_worker_count([] {
        auto [parent, cancel] = with_cancel(Context::background());
        auto [child, cancel_child] = with_cancel(parent);
        auto [timed, cancel_timed] = gofer::with_timeout(parent, std::chrono::milliseconds{1});
        const Channel<int> ran;
        after_func(timed, [ran] { ran.send(1); });
        VERIFY(ran.receive() == 1);
        after_func(child, [ran] { ran.send(2); });
        cancel();
        VERIFY(ran.receive() == 2);
    });
}

TEST_CASE("on a context that never ends the function waits to be stopped, or is dropped with the handle") {
    fixture::on_a_plain_thread([] {
        auto stop = after_func(Context(), [value = fixture::Lone{1}] { VERIFY(false); });
        after_func(Context(), [value = fixture::Lone{2}] { VERIFY(false); });
        VERIFY(stop() && !stop());
    });
}

TEST_CASE("a function that waits for its context's end may use it in any way") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const Channel<bool> result;
        after_func(ctx, [result, ctx = ctx] {
            auto [child, cancel_child] = with_cancel(ctx);
            const Channel<int> inner;
            after_func(child, [inner] { inner.send(1); });
            result.send(inner.receive() == 1 && child.cancelled());
        });
        cancel();
        VERIFY(result.receive() == true);
    });
}

TEST_CASE("stop racing with the end: either it stops the function or the function runs") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 300; ++i) {
            auto [ctx, cancel] = with_cancel(Context::background());
            std::atomic<int> runs{0};
            gofer::WaitGroup ran, wg;
            ran.add();
            auto stop = after_func(ctx, [&runs, &ran] {
                ++runs;
                ran.done();
            });
            wg.go([&cancel = cancel] { cancel(); });
            if (i % 2) gofer::yield();
            const bool stopped = stop();
            wg.wait();
            if (!stopped) ran.wait();
            VERIFY(runs == (stopped ? 0 : 1));
        }
    });
}

TEST_CASE("a stop that comes while the context is ending stops the function, and gives back what was kept only once") {
    fixture::at_each_worker_count([] {
        // Stands in the line before the function, and stops it when the wave has taken both out of the context.
        struct Stopper : gofer::context::Follower {
            gofer::AfterFunc stop;
            bool stopped = false;
        } stopper;
        stopper.fire = [](gofer::context::Follower& self) noexcept {
            auto& s = static_cast<Stopper&>(self);
            const gofer::base::UserCode user;
            s.stopped = s.stop();
        };
        const long before = fixture::Alive::count;
        auto [ctx, cancel] = with_cancel(Context::background());
        VERIFY(ctx.node()->scope->follow(stopper));
        stopper.stop = after_func(ctx, [value = fixture::Lone{1}] { VERIFY(false); });
        auto last = after_func(ctx, [value = fixture::Lone{2}] {});
        cancel();
        VERIFY(stopper.stopped && !stopper.stop() && !last());
        VERIFY(fixture::eventually([before] { return fixture::Alive::count == before; }));
    });
}

TEST_CASE("a plain thread that cancels starts the function in the runtime that asked for it") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_cancel(Context::background());
        const Channel<bool> same;
        after_func(ctx, [same, here = &gofer::Runtime::current()] { same.send(here == &gofer::Runtime::current()); });
        std::thread thread{[&cancel = cancel] { cancel(); }};
        VERIFY(same.receive() == true);
        thread.join();
    });
}

TEST_CASE("a function whose runtime has ended runs in the default one") {
    auto [ctx, cancel] = with_cancel(Context());
    const Channel<bool> ran;
    const auto goroutines = [] { return gofer::Runtime::current().stats().goroutines; };
    const auto before = goroutines();
    gofer::run(fixture::with_workers(2), [&, ctx = ctx] { after_func(ctx, [ran] { ran.send(true); }); });
    cancel();
    CHECK(ran.receive() == true);
    CHECK(fixture::eventually([&] { return goroutines() == before; })); // or the next test finds it on its last steps
}

TEST_CASE("a value goes with the last that keeps it, but never on a worker's loop") {
    static std::atomic<int> on_loop, gone;
    struct Value {
        Value() = default;
        Value(Value&& other) noexcept : lives{std::exchange(other.lives, false)} {}
        Value& operator=(Value&&) = delete;
        ~Value() {
            if (!lives) return;
            if (gofer::sched::this_worker() && !gofer::this_goroutine::inside()) ++on_loop;
            ++gone;
        }
        bool lives = true;
    };
    static const gofer::Key<Value> key;
    using namespace std::chrono_literals;
    fixture::at_each_worker_count([] {
        on_loop = gone = 0;
        for (int i = 0; i < 20; ++i) { // the deadline, the function and the waiter leave in any order
            auto [timed, cancel] = gofer::with_timeout(gofer::with_value(Context::background(), key, Value{}), 1ms);
            after_func(gofer::with_value(timed, key, Value{}), [] {});
            static_cast<void>(gofer::sleep_for(timed, 1h));
        }
        VERIFY(fixture::eventually([] { return gone == 40; }));
        VERIFY(on_loop == 0);
    });
}

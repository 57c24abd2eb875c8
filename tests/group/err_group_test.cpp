// ErrGroup: who cancels whom, what wait gives back, and the limit. Behaviour after golang.org/x/sync/errgroup and
// its tests.
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;
using gofer::Context;
using gofer::ErrGroup;

namespace {

struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The message of what f throws; empty if it throws nothing.
template <class F>
std::string thrown_by(F f) {
    try {
        f();
    } catch (const std::exception& e) {
        return e.what();
    }
    return {};
}

std::string error_of(ErrGroup& group) {
    return thrown_by([&group] { group.wait(); });
}

} // namespace

TEST_CASE("a group without errors waits for all and throws nothing") {
    fixture::at_each_worker_count([] {
        ErrGroup group;
        std::atomic<int> done{0};
        for (int i = 0; i < 50; ++i)
            group.go([&done] {
                gofer::yield();
                ++done;
            });
        group.wait();
        VERIFY(done == 50);
    });
}

TEST_CASE("a group that was given nothing does not wait") {
    fixture::at_each_worker_count([] {
        ErrGroup group;
        group.wait();
    });
}

TEST_CASE("wait throws the first error, as it was thrown, and does so again") {
    fixture::at_each_worker_count([] {
        ErrGroup group;
        const gofer::Channel<int> first_is_out;
        group.go([first_is_out] {
            first_is_out.receive();
            throw Failure("second");
        });
        group.go([] { throw Failure("first"); });
        group.context().done().receive();
        first_is_out.send(1);
        for (int i = 0; i < 3; ++i) {
            VERIFY(fixture::throws<Failure>([&group] { group.wait(); }));
            VERIFY(error_of(group) == "first");
        }
    });
}

TEST_CASE("the first error cancels the others, with itself as the cause") {
    fixture::at_each_worker_count([] {
        ErrGroup group;
        for (int i = 0; i < 10; ++i)
            group.go([](const Context& ctx) {
                const gofer::Channel<int> never;
                VERIFY(!never.receive(ctx));
                VERIFY(ctx.err() == std::errc::operation_canceled);
                VERIFY(thrown_by([&] { std::rethrow_exception(ctx.cause()); }) == "boom");
                ctx.check();
            });
        group.go([] { throw Failure("boom"); });
        VERIFY(error_of(group) == "boom");
    });
}

TEST_CASE("an error code that is not zero is an error, and arrives as a system_error") {
    fixture::at_each_worker_count([] {
        ErrGroup fine, failed;
        fine.go([] { return std::error_code{}; });
        fine.go([](Context) { return std::error_code{}; });
        fine.wait();
        failed.go([] { return std::make_error_code(std::errc::io_error); });
        try {
            failed.wait();
            VERIFY(false);
        } catch (const std::system_error& e) {
            VERIFY(e.code() == std::errc::io_error);
        }
    });
}

TEST_CASE("the context is open while all goes well and ends when wait returns") {
    fixture::at_each_worker_count([] {
        ErrGroup group;
        const Context ctx = group.context();
        group.go([ctx] { VERIFY(!ctx.cancelled()); });
        VERIFY(!ctx.cancelled() && ctx == group.context());
        group.wait();
        VERIFY(ctx.err() == std::errc::operation_canceled);
    });
}

TEST_CASE("the end of the parent ends the group's context, and is no error of the group") {
    fixture::at_each_worker_count([] {
        auto [parent, cancel] = gofer::with_cancel(Context::background());
        ErrGroup group(parent);
        group.go([](Context ctx) { ctx.done().receive(); });
        cancel();
        group.wait();
        VERIFY(parent.cancelled());
    });
}

TEST_CASE("a group that is destroyed without wait cancels and waits") {
    fixture::at_each_worker_count([] {
        std::atomic<int> ended{0};
        {
            ErrGroup group;
            for (int i = 0; i < 5; ++i)
                group.go([&ended](Context ctx) {
                    ctx.done().receive();
                    gofer::yield();
                    ++ended;
                    throw Failure("dropped");
                });
        }
        VERIFY(ended == 5);
    });
}

TEST_CASE("functions are destroyed before wait returns") {
    fixture::at_each_worker_count([] {
        std::atomic<bool> dead[3] = {};
        ErrGroup group;
        for (auto& flag : dead) group.go([slow = fixture::SlowToDie(flag)] {});
        group.wait();
        for (const auto& flag : dead) VERIFY(flag);
    });
}

TEST_CASE("functions and what they own may be of the kind that only moves") {
    fixture::at_each_worker_count([] {
        ErrGroup group;
        std::atomic<int> sum{0};
        group.go([p = std::make_unique<int>(3), &sum] { sum += *p; });
        VERIFY(group.try_go([p = std::make_unique<int>(4), &sum](Context) { sum += *p; }));
        gofer::GoOptions named;
        named.name = "worker";
        group.go(named, [&sum] { sum += gofer::this_goroutine::name() == "worker"; });
        group.wait();
        VERIFY(sum == 8);
    });
}

TEST_CASE("no more goroutines run at a time than the limit allows, and all run in the end") {
    fixture::at_each_worker_count([] {
        for (const int limit : {1, 2, 7}) {
            ErrGroup group;
            group.set_limit(limit);
            std::atomic<int> running{0}, ran{0};
            for (int i = 0; i < 60; ++i)
                group.go([&running, &ran, limit] {
                    VERIFY(++running <= limit);
                    gofer::yield();
                    --running;
                    ++ran;
                });
            group.wait();
            VERIFY(ran == 60);
        }
    });
}

TEST_CASE("go waits for a place when the limit is reached") {
    fixture::at_each_worker_count([] {
        ErrGroup group;
        group.set_limit(1);
        const gofer::Channel<int> go_on;
        group.go([go_on] { go_on.receive(); });
        std::atomic<bool> second{false};
        gofer::WaitGroup wg;
        wg.go([&] { group.go([&second] { second = true; }); });
        fixture::parked_reaches(2);
        VERIFY(!second);
        go_on.send(1);
        wg.wait();
        group.wait();
        VERIFY(second);
    });
}

TEST_CASE("try_go starts a goroutine if the limit allows it now") {
    fixture::at_each_worker_count([] {
        ErrGroup group;
        group.set_limit(2);
        const gofer::Channel<int> go_on;
        const auto wait = [go_on] { go_on.receive(); };
        VERIFY(group.try_go(wait) && group.try_go(wait));
        auto value = std::make_unique<int>(1);
        auto refused = [value = std::move(value)] {};
        VERIFY(!group.try_go(std::move(refused)));
        go_on.send(1);
        VERIFY(fixture::eventually([&] { return group.try_go([] {}); }));
        go_on.send(1);
        group.wait();
    });
}

TEST_CASE("try_go gives its goroutine a name as go does") {
    fixture::at_each_worker_count([] {
        ErrGroup group;
        gofer::Channel<std::string> names(2);
        const auto tell = [names] { names.send(gofer::this_goroutine::name()); };
        group.go({.name = "reader"}, tell);
        group.wait();
        VERIFY(group.try_go({.name = "reader"}, tell));
        group.wait();
        VERIFY((names.receive() == "reader" && names.receive() == "reader"));
    });
}

TEST_CASE("a limit of zero lets none start, a negative one all") {
    fixture::at_each_worker_count([] {
        ErrGroup none, all;
        none.set_limit(0);
        VERIFY(!none.try_go([] { VERIFY(false); }));
        all.set_limit(0);
        all.set_limit(-1);
        for (int i = 0; i < 100; ++i) VERIFY(all.try_go([] {}));
        all.wait();
        none.wait();
    });
}

TEST_CASE("the limit cannot be changed while goroutines run") {
    fixture::at_each_worker_count([] {
        ErrGroup group;
        group.go([](Context ctx) { ctx.done().receive(); });
        VERIFY(fixture::throws<std::logic_error>([&group] { group.set_limit(1); }));
    });
}

TEST_CASE("a function whose copy throws is not started, and the group goes on") {
    fixture::at_each_worker_count([] {
        struct Thrower {
            Thrower() = default;
            Thrower(const Thrower&) { throw Failure("no copy"); }
            void operator()() const {}
        };
        ErrGroup group;
        group.set_limit(1);
        const Thrower thrower;
        VERIFY(thrown_by([&] { group.go(thrower); }) == "no copy");
        VERIFY(group.try_go([] {}));
        group.wait();
    });
}

TEST_CASE("a plain thread uses a group as a goroutine does") {
    fixture::on_a_plain_thread([] {
        ErrGroup group;
        group.set_limit(1);
        for (int i = 0; i < 5; ++i) group.go([](const Context& ctx) { VERIFY(!ctx.cancelled()); });
        group.go([] { throw Failure("to the thread"); });
        VERIFY(error_of(group) == "to the thread");
    });
}

TEST_CASE("goroutines of a group start others in it, and wait sees them all") {
    fixture::at_each_worker_count([] {
        ErrGroup group;
        std::atomic<int> ran{0};
        for (int i = 0; i < 8; ++i)
            group.go([&group, &ran] {
                for (int j = 0; j < 8; ++j) group.go([&ran] { ++ran; });
            });
        group.wait();
        VERIFY(ran == 64);
    });
}

TEST_CASE("many errors at once: one of them wins, and the same for all who wait") {
    fixture::at_each_worker_count([] {
        for (int round = 0; round < 50; ++round) {
            std::optional<ErrGroup> group(std::in_place);
            for (int i = 0; i < 6; ++i) group->go([i] { throw Failure(std::to_string(i)); });
            std::string heard;
            gofer::WaitGroup wg;
            wg.go([&] { heard = error_of(*group); });
            const std::string own = error_of(*group);
            wg.wait();
            VERIFY(!own.empty() && own == heard);
            group.reset();
        }
    });
}

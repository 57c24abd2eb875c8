// Leaks::unwind: what is left when run ends is unwound, out of every blocking call, and nothing of it remains.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/unwinding.hpp"

using namespace std::chrono_literals;

namespace {

/// Whether a goroutine that calls f blocks there, is unwound, and leaves nothing behind, at each worker count.
template <class F>
void leaves(F f) {
    const auto exits = std::make_shared<fixture::Exits>();
    int times = 0;
    fixture::unwound_and_clean([&] {
        ++times;
        fixture::go_counted(exits, f);
        fixture::parked_reaches(1);
    });
    CHECK(exits->entered == times);
    CHECK(exits->destroyed == times);
    CHECK(exits->returned == 0);
}

/// Receives in a frame that lies so deep.
void dive(const gofer::Channel<int>& c, int depth) {
    const fixture::Tracked held{depth};
    const std::string heap(100, 'x');
    depth > 0 ? dive(c, depth - 1) : static_cast<void>(c.receive());
}

/// A thing that is shared by the test and the goroutine.
template <class T, class... Args>
std::shared_ptr<T> shared(Args&&... args) {
    return std::make_shared<T>(std::forward<Args>(args)...);
}

/// A context that could end and does not.
std::shared_ptr<gofer::WithCancel> endless() {
    return shared<gofer::WithCancel>(gofer::with_cancel(gofer::Context{}));
}

} // namespace

TEST_CASE("Unwind is no std::exception") {
    STATIC_REQUIRE(!std::is_base_of_v<std::exception, gofer::Unwind>);
}

TEST_CASE("Unwind leaves a receive, which is in no list then") {
    const gofer::Channel<int> c;
    leaves([c] { c.receive(); });
    CHECK(!c.try_send(1));
    leaves([c] { static_cast<void>(c.receive_for(1h)); });
    leaves([c, scope = endless()] { static_cast<void>(c.receive(scope->ctx)); });
    CHECK(!c.try_send(1));
}

TEST_CASE("Unwind leaves a send, whose value goes with the goroutine") {
    const gofer::Channel<fixture::Tracked> c;
    leaves([c] { c.send(fixture::Tracked{1}); });
    CHECK(c.try_receive().empty());
    leaves([c] { static_cast<void>(c.send_for(fixture::Tracked{1}, 1h)); });
    CHECK(c.try_receive().empty());
}

TEST_CASE("Unwind leaves a range-for over a channel") {
    const gofer::Channel<int> c;
    leaves([c] {
        for (const int v : c) static_cast<void>(v);
    });
}

TEST_CASE("Unwind leaves a select on all of its channels") {
    const gofer::Channel<int> a, b;
    leaves([a, b] { gofer::select(gofer::recv(a), gofer::send(b, 1), gofer::timeout(1h)); });
    CHECK(!a.try_send(1));
    CHECK(b.try_receive().empty());
    leaves([a] {
        std::vector<gofer::SelectCase> cases;
        cases.emplace_back(gofer::recv(a));
        gofer::select(cases);
    });
}

TEST_CASE("Unwind leaves a select within the handler of a select") {
    const gofer::Channel<int> ready(1), never;
    leaves([ready, never] {
        gofer::select(gofer::otherwise([&] { gofer::select(gofer::recv(never), gofer::recv(never)); }));
    });
}

TEST_CASE("Unwind leaves what waits on nothing") {
    leaves([] { gofer::select(); });
    leaves([] { gofer::Channel<int>{nullptr}.receive(); });
    leaves([] { gofer::Channel<int>{nullptr}.send(1); });
    leaves([] { static_cast<void>(gofer::Channel<int>{nullptr}.receive_for(1h)); });
}

TEST_CASE("Unwind leaves a sleep") {
    leaves([] { gofer::sleep_for(1h); });
    leaves([scope = endless()] { static_cast<void>(gofer::sleep_for(scope->ctx, 1h)); });
}

TEST_CASE("Unwind leaves the channel of a timer") {
    leaves([] { gofer::after(1h).receive(); });
    leaves([timer = gofer::Timer{1h}] { gofer::select(gofer::recv(timer.channel())); });
}

TEST_CASE("Unwind leaves a Mutex, which goes on to others") {
    const auto m = shared<gofer::Mutex>();
    m->lock();
    leaves([m] { const std::lock_guard guard{*m}; });
    leaves([m] { static_cast<void>(m->try_lock_for(1h)); });
    m->unlock();
    REQUIRE(m->try_lock());
    m->unlock();
}

TEST_CASE("Unwind leaves an RWMutex on either side, which goes on to others") {
    const auto m = shared<gofer::RWMutex>();
    m->lock();
    leaves([m] { const std::unique_lock guard{*m}; });
    leaves([m] { const std::shared_lock guard{*m}; });
    m->unlock();
    m->lock_shared();
    leaves([m] { m->lock(); });
    REQUIRE(m->try_lock_shared()); // no writer waits any more
}

TEST_CASE("Unwind leaves a WaitGroup") {
    const auto wg = shared<gofer::WaitGroup>();
    wg->add(1);
    leaves([wg] { wg->wait(); });
    leaves([wg] { static_cast<void>(wg->wait_for(1h)); });
    wg->done();
    wg->wait();
}

TEST_CASE("Unwind leaves a Semaphore, and those behind may go on") {
    const auto s = shared<gofer::Semaphore>(2);
    s->acquire(1);
    leaves([s] { s->acquire(2); });
    REQUIRE(s->try_acquire(1));
    leaves([s, scope = endless()] { static_cast<void>(s->acquire(scope->ctx, 9)); });
}

TEST_CASE("Unwind leaves a Barrier, and takes the arrival back") {
    const auto b = shared<gofer::Barrier>(2);
    leaves([b] { b->arrive_and_wait(); });
    CHECK(!b->arrive_and_wait_for(1ms));
}

TEST_CASE("Unwind leaves a Once that another runs, and a Once of its own is not done") {
    const auto once = shared<gofer::Once>();
    const gofer::Channel<int> never;
    leaves([once, never] { once->call([&] { never.receive(); }); });
    int done = 0;
    once->call([&] { ++done; });
    CHECK(done == 1);

    const auto waited = shared<gofer::Once>();
    const auto exits = shared<fixture::Exits>();
    fixture::unwound_and_clean([&] {
        for (int i = 0; i < 2; ++i) fixture::go_counted(exits, [=] { waited->call([=] { never.receive(); }); });
        fixture::parked_reaches(2);
    });
    CHECK(exits->destroyed == exits->entered);
    CHECK(exits->returned == 0);
}

TEST_CASE("Unwind is not what once_value keeps") {
    const auto calls = shared<std::atomic<int>>(0);
    const gofer::Channel<int> slow;
    const auto value = gofer::once_value([=] {
        if (++*calls == 1) slow.receive();
        return 7;
    });
    const auto exits = shared<fixture::Exits>();
    auto body = [&] {
        fixture::go_counted(exits, [value] { static_cast<void>(value()); });
        fixture::parked_reaches(1);
    };
    fixture::unwound_at_workers(2, body);
    CHECK(exits->destroyed == 1);
    CHECK(value() == 7);
    CHECK(*calls == 2);
}

TEST_CASE("Unwind leaves a Cond with the lock held") {
    struct Place {
        gofer::Mutex mutex;
        gofer::Cond cond;
    };
    const auto place = shared<Place>();
    leaves([place] {
        std::unique_lock lock{place->mutex};
        place->cond.wait(lock);
    });
    leaves([place] {
        std::unique_lock lock{place->mutex};
        place->cond.wait(lock, [] { return false; });
    });
    REQUIRE(place->mutex.try_lock());
    place->mutex.unlock();
}

TEST_CASE("Unwind leaves a Future") {
    const auto promise = shared<gofer::Promise<int>>();
    const auto future = shared<gofer::Future<int>>(promise->future());
    leaves([future] { future->wait(); });
    leaves([future] { gofer::select(gofer::recv(*future)); });
    promise->set_value(3);
    CHECK(future->get() == 3);
}

TEST_CASE("Unwind leaves a loop of yields") {
    const auto exits = shared<fixture::Exits>();
    fixture::unwound_and_clean([&] {
        const int before = exits->entered;
        fixture::go_counted(exits, [] {
            for (;;) gofer::yield();
        });
        fixture::go_counted(exits, [] {
            for (;;) gofer::sleep_for(0s);
        });
        VERIFY(fixture::eventually([&] { return exits->entered == before + 2; }));
    });
    CHECK(exits->destroyed == exits->entered);
}

TEST_CASE("Unwind leaves goroutines that wake each other without end") {
    const auto exits = shared<fixture::Exits>();
    fixture::unwound_and_clean([&] {
        const gofer::Channel<int> there, back;
        fixture::go_counted(exits, [=] {
            for (;;) {
                there.send(1);
                back.receive();
            }
        });
        fixture::go_counted(exits, [=] {
            for (;;) {
                there.receive();
                back.send(1);
            }
        });
    });
    CHECK(exits->destroyed == exits->entered);
    CHECK(exits->returned == 0);
}

TEST_CASE("Unwind leaves a goroutine with a stack of its own, and one that is pinned") {
    const auto exits = shared<fixture::Exits>();
    fixture::unwound_and_clean([&] {
        const int before = exits->entered;
        const gofer::Channel<int> c;
        gofer::go({.name = "deep", .stack_size = 1 << 20}, [exits, c] {
            const gofer::Defer left{[&] { ++exits->destroyed; }};
            ++exits->entered;
            c.receive();
        });
        fixture::go_counted(exits, [c] {
            const gofer::this_goroutine::Pin pin;
            c.receive();
        });
        fixture::go_counted(exits, [] {
            const gofer::this_goroutine::Pin pin;
            for (;;) gofer::yield();
        });
        VERIFY(fixture::eventually([&] { return exits->entered == before + 3; }));
    });
    CHECK(exits->destroyed == exits->entered);
}

TEST_CASE("a crowd of goroutines is unwound, from every depth") {
    const int count = gofer::base::tsan_build || gofer::base::asan_build ? 500 : 5000;
    const auto exits = shared<fixture::Exits>();
    fixture::unwound_and_clean([&] {
        const gofer::Channel<int> c;
        for (int i = 0; i < count; ++i) fixture::go_counted(exits, [c, i] { dive(c, i % 20); });
        fixture::parked_reaches(static_cast<std::size_t>(count));
    });
    CHECK(exits->destroyed == count * 4);
}

TEST_CASE("the newest is unwound first") {
    const auto order = std::make_shared<std::vector<int>>();
    fixture::unwound_and_clean([&] {
        order->clear();
        const gofer::Channel<int> c;
        for (int i = 0; i < 20; ++i) {
            gofer::go([=] {
                const gofer::Defer left{[&] { order->push_back(i); }};
                c.receive();
            });
            fixture::parked_reaches(static_cast<std::size_t>(i) + 1);
        }
    });
    REQUIRE(order->size() == 20);
    CHECK(std::is_sorted(order->rbegin(), order->rend()));
}

TEST_CASE("a goroutine is unwound before the one that started it") {
    const auto order = std::make_shared<std::vector<int>>();
    fixture::unwound_and_clean([&] {
        order->clear();
        const gofer::Channel<int> c;
        static void (*descend)(gofer::Channel<int>, std::shared_ptr<std::vector<int>>, int) =
            [](gofer::Channel<int> channel, std::shared_ptr<std::vector<int>> list, int depth) {
                if (depth < 50) gofer::go(descend, channel, list, depth + 1);
                const gofer::Defer left{[&] { list->push_back(depth); }};
                channel.receive();
            };
        gofer::go(descend, c, order, 1);
        fixture::parked_reaches(50);
    });
    REQUIRE(order->size() == 50);
    CHECK(std::is_sorted(order->rbegin(), order->rend()));
}

TEST_CASE("a value that was on its way when the runtime ended is not lost") {
    for (const unsigned workers : fixture::worker_counts) {
        const fixture::LeakProof proof;
        const gofer::Channel<fixture::Tracked> c;
        std::atomic<int> sent{0}, received{0};
        std::atomic<bool> over{false};
        std::thread sender{[&] {
            while (!over)
                if (c.send_for(fixture::Tracked{1}, 1ms)) ++sent;
        }};
        for (int round = 0; round < 20; ++round)
            gofer::run(fixture::unwinding(workers), [&] {
                for (int i = 0; i < 4; ++i)
                    gofer::go([&received, c] {
                        for (;;)
                            if (c.receive()) ++received;
                    });
                gofer::yield();
            });
        over = true;
        sender.join();
        CHECK(sent == received);
        proof.require_clean_soon(); // a thread that the system keeps waiting is not waited for
    }
}

TEST_CASE("one that sleeps for ever is unwound, and so are those before it") {
    const auto exits = shared<fixture::Exits>();
    fixture::unwound_and_clean([&] {
        fixture::go_counted(exits, [] { gofer::Channel<int>{}.receive(); });
        fixture::parked_reaches(1);
        fixture::go_counted(exits, [] { gofer::sleep_for(std::chrono::hours::max()); });
        fixture::parked_reaches(2);
    });
    CHECK(exits->destroyed == 8);
}

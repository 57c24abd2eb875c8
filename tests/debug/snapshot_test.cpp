// What reports say about one goroutine.
#include <chrono>
#include <mutex>
#include <string>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "seen.hpp"

using namespace std::chrono_literals;
using seen::contains;
using seen::ends_with;
using seen::parked_line_of;

namespace {

/// Owners are noted in debug builds only.
std::string where_noted(const std::string& owner) {
    return gofer::sync::notes_owners ? owner : "";
}
std::string by_this_goroutine() {
    return where_noted(" by goroutine " + std::to_string(gofer::this_goroutine::id()));
}

} // namespace

TEST_CASE("a receiver is described with its channel, and that nobody sends") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> bare, buffered(3);
        gofer::WaitGroup wg;
        wg.go({.name = "bare"}, [&] { bare.receive(); });
        wg.go({.name = "buffered"}, [&] { buffered.receive(); });
        VERIFY(ends_with(parked_line_of("bare"), " (unbuffered, 0 senders waiting)"));
        VERIFY(contains(parked_line_of("bare"), ": receive on channel 0x"));
        VERIFY(ends_with(parked_line_of("buffered"), " (buffer of 3 empty, 0 senders waiting)"));
        bare.close();
        buffered.close();
        wg.wait();
    });
}

TEST_CASE("a sender is described with its channel, and that nobody receives") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::string> bare, buffered(1);
        gofer::WaitGroup wg;
        wg.go({.name = "bare"}, [&] { bare.send("a"); });
        wg.go({.name = "buffered"}, [&] {
            buffered.send("b");
            buffered.send("c");
        });
        VERIFY(ends_with(parked_line_of("bare"), " (unbuffered, 0 receivers waiting)"));
        VERIFY(contains(parked_line_of("buffered"), ": send on channel 0x"));
        VERIFY(ends_with(parked_line_of("buffered"), " (buffer of 1 full, 0 receivers waiting)"));
        for (int i = 0; i < 2; ++i) buffered.receive();
        bare.receive();
        wg.wait();
    });
}

TEST_CASE("two who wait on one channel are seen to wait on the same") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> shared, other;
        gofer::WaitGroup wg;
        wg.go({.name = "first"}, [&] { shared.receive(); });
        wg.go({.name = "second"}, [&] { gofer::Receiver<int>(shared).receive(); });
        wg.go({.name = "third"}, [&] { other.receive(); });
        for (const char* name : {"first", "second", "third"}) parked_line_of(name);
        const void* on = seen::snapshot_of("first").waits_on;
        VERIFY(on == seen::snapshot_of("second").waits_on);
        VERIFY(on != seen::snapshot_of("third").waits_on);
        shared.close();
        other.close();
        wg.wait();
    });
}

TEST_CASE("a wait on a timer's channel says so, and how long it will last") {
    fixture::at_each_worker_count([] {
        gofer::Timer timer(1h);
        gofer::WaitGroup wg;
        wg.go({.name = "timed"}, [&] { timer.channel().receive(); });
        VERIFY(contains(parked_line_of("timed"), ": receive on a timer's channel 0x"));
        VERIFY(ends_with(parked_line_of("timed"), ", 60 min left"));
        timer.reset(0s);
        wg.wait();
    });
}

TEST_CASE("a select is described by the number of its cases, and how long it will last") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> a, b, never(nullptr);
        gofer::WaitGroup wg;
        wg.go({.name = "patient"}, [&] { gofer::select(gofer::recv(a), gofer::send(b, 1), gofer::recv(never)); });
        wg.go({.name = "timed"}, [&] { gofer::select(gofer::recv(a), gofer::timeout(1h)); });
        VERIFY(ends_with(parked_line_of("patient"), ": select of 3"));
        VERIFY(ends_with(parked_line_of("timed"), ": select of 2, 60 min left"));
        a.close();
        wg.wait();
    });
}

TEST_CASE("a sleeper is described with the time that is left") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = gofer::with_cancel(gofer::Context::background());
        gofer::WaitGroup wg;
        wg.go({.name = "short"}, [c = ctx] { static_cast<void>(gofer::sleep_for(c, 50s)); });
        wg.go({.name = "endless"}, [c = ctx] { static_cast<void>(gofer::sleep_for(c, std::chrono::hours::max())); });
        const std::string line = parked_line_of("short");
        VERIFY(contains(line, ": sleep, 4") || contains(line, ": sleep, 50.0 s"));
        VERIFY(contains(line, " s left"));
        VERIFY(ends_with(parked_line_of("endless"), ": sleep, for ever"));
        cancel();
        wg.wait();
    });
}

TEST_CASE("whoever waits for a WaitGroup is described with its count") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup counted, wg;
        counted.add(3);
        wg.go({.name = "waiter"}, [&] { counted.wait(); });
        VERIFY(ends_with(parked_line_of("waiter"), ": WaitGroup at 3"));
        counted.done();
        VERIFY(ends_with(parked_line_of("waiter"), ": WaitGroup at 2"));
        counted.add(-2);
        wg.wait();
    });
}

TEST_CASE("whoever waits for a mutex is described with which one it is") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::WaitGroup wg;
        mutex.lock();
        wg.go({.name = "locker"}, [&] { const std::lock_guard guard(mutex); });
        VERIFY(ends_with(parked_line_of("locker"), ": Mutex " + seen::hex(&mutex) + " (locked" + by_this_goroutine() + ")"));
        mutex.unlock();
        wg.wait();
    });
}

TEST_CASE("whoever waits for an RWMutex is described with who has it") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        gofer::WaitGroup wg;
        mutex.lock_shared();
        wg.go({.name = "writer"}, [&] { const std::lock_guard guard(mutex); });
        VERIFY(contains(parked_line_of("writer"), ": RWMutex, to write"));
        VERIFY(ends_with(parked_line_of("writer"), " (held by 1 reader)"));
        mutex.unlock_shared();
        wg.wait();
        mutex.lock();
        wg.go({.name = "reader"}, [&] {
            mutex.lock_shared();
            mutex.unlock_shared();
        });
        VERIFY(contains(parked_line_of("reader"), ": RWMutex, to read"));
        VERIFY(ends_with(parked_line_of("reader"), " (held for writing" + by_this_goroutine() + ")"));
        mutex.unlock();
        wg.wait();
    });
}

TEST_CASE("a lock that was handed over, or that a thread has, is described with its new owner") {
    fixture::at_each_worker_count([] {
        gofer::RWMutex mutex;
        gofer::WaitGroup wg;
        const gofer::Channel<std::uint64_t> has_it;
        const gofer::Channel<gofer::Unit> done;
        mutex.lock();
        wg.go({.name = "second"}, [&] {
            const std::lock_guard guard(mutex);
            has_it.send(gofer::this_goroutine::id());
            done.receive();
        });
        VERIFY(ends_with(parked_line_of("second"), " (held for writing" + by_this_goroutine() + ")"));
        mutex.unlock();
        const std::string id = std::to_string(*has_it.receive());
        wg.go({.name = "third"}, [&] { const std::lock_guard guard(mutex); });
        VERIFY(ends_with(parked_line_of("third"), " (held for writing" + where_noted(" by goroutine " + id) + ")"));
        done.close();
        wg.wait();
        const gofer::Channel<gofer::Unit> locked, over;
        std::thread owner([&] {
            const std::lock_guard guard(mutex);
            locked.close();
            over.receive();
        });
        locked.receive();
        wg.go({.name = "fourth"}, [&] { const std::lock_guard guard(mutex); });
        VERIFY(ends_with(parked_line_of("fourth"), " (held for writing" + where_noted(" by a thread") + ")"));
        over.close();
        wg.wait();
        owner.join();
    });
}

TEST_CASE("whoever waits for a semaphore or at a barrier is described with the count") {
    fixture::at_each_worker_count([] {
        gofer::Semaphore permits(5);
        gofer::Barrier barrier(3);
        gofer::WaitGroup wg;
        permits.acquire(4);
        wg.go({.name = "acquirer"}, [&] { permits.acquire(2); });
        wg.go({.name = "early"}, [&] { barrier.arrive_and_wait(); });
        VERIFY(ends_with(parked_line_of("acquirer"), ": Semaphore (1 of 5 free)"));
        VERIFY(ends_with(parked_line_of("early"), ": Barrier (1 of 3 have arrived)"));
        permits.release();
        for (int i = 0; i < 2; ++i) wg.go([&] { barrier.arrive_and_wait(); });
        wg.wait();
    });
}

TEST_CASE("other waits are described by what they are for") {
    fixture::at_each_worker_count([] {
        gofer::Promise<int> promise;
        const auto future = promise.future();
        gofer::Mutex mutex;
        gofer::Cond cond;
        const gofer::Channel<int> let_return;
        gofer::WaitGroup wg;
        wg.go({.name = "expecter"}, [&] { future.wait(); });
        wg.go({.name = "listener"}, [&] {
            std::unique_lock lock(mutex);
            cond.wait(lock);
        });
        wg.go({.name = "blocked"}, [&] { gofer::blocking([&] { let_return.receive(); }); });
        VERIFY(contains(parked_line_of("expecter"), ": Future 0x"));
        VERIFY(contains(parked_line_of("listener"), ": Cond 0x"));
        VERIFY(ends_with(parked_line_of("blocked"), ": its blocking code"));
        promise.set_value(1);
        { const std::lock_guard guard(mutex); }
        cond.notify_all();
        let_return.close();
        wg.wait();
    });
}

TEST_CASE("a goroutine is described with its name and where it was started") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        const int line = __LINE__ + 1;
        wg.go({.name = "placed"}, [&] { c.receive(); });
        const std::string text = parked_line_of("placed");
        VERIFY(contains(text, " \"placed\", started at "));
        VERIFY(contains(text, "snapshot_test.cpp:" + std::to_string(line) + ": receive"));
        c.close();
        wg.wait();
    });
}

TEST_CASE("a goroutine that has changed its name is described by the new one") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go({.name = "old"}, [&] {
            gofer::this_goroutine::set_name("new");
            c.receive();
        });
        VERIFY(contains(parked_line_of("new"), " \"new\", "));
        VERIFY(seen::snapshot_of("old").doing == gofer::debug::Doing::nothing);
        c.close();
        wg.wait();
    });
}

TEST_CASE("a goroutine that runs is seen to run") {
    fixture::at_each_worker_count([] {
        gofer::this_goroutine::set_name("looks at itself");
        const auto s = seen::snapshot_of("looks at itself");
        VERIFY(s.doing == gofer::debug::Doing::running);
        VERIFY(s.id == gofer::this_goroutine::id());
        VERIFY(ends_with(seen::line_of(s), ": running"));
    });
}

TEST_CASE("how long a goroutine has been parked is known after a second") {
    const gofer::Channel<int> c;
    gofer::run(fixture::with_workers(2), [&] {
        gofer::WaitGroup wg;
        wg.go({.name = "long"}, [&] { c.receive(); });
        parked_line_of("long");
        VERIFY(fixture::eventually([] {
            gofer::sleep_for(10ms);
            return seen::snapshot_of("long").parked_ns > 1'000'000'000;
        }));
        VERIFY(contains(seen::line_of(seen::parked_snapshot_of("long")), "waiting), for "));
        c.close();
        wg.wait();
    });
    fixture::require_no_failures();
}

TEST_CASE("goroutines are described while they park and wake all the time") {
    fixture::at_each_worker_count([] {
        constexpr int pairs = 8;
        std::atomic<bool> over{false};
        gofer::WaitGroup wg;
        for (int i = 0; i < pairs; ++i) {
            wg.go({.name = "pair"}, [&] {
                while (!over) {
                    const gofer::Channel<std::string> c; // gone as soon as both are through
                    gofer::WaitGroup both;
                    both.go({.name = "receiver"}, [&] { c.receive(); });
                    both.go({.name = "a sender whose name is too long for the small buffer"}, [&] { c.send("x"); });
                    both.wait();
                }
            });
        }
        for (int round = 0; round < 40; ++round) {
            gofer::debug::for_each_goroutine(
                [](const auto&, auto&, bool) {},
                [](const gofer::debug::Snapshot& s, auto&) { VERIFY(contains(seen::line_of(s), "goroutine ")); });
            gofer::yield();
        }
        over = true;
        wg.wait();
    });
}

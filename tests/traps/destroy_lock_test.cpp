// The locks may be destroyed as soon as nobody waits on them, also while the call that woke the last waiter has not yet
// returned: see destroy_after_wake_test.cpp. AddressSanitizer is the judge, and so are the values.
#include <chrono>
#include <memory>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/disturbance.hpp"
#include "../support/fixture.hpp"

namespace {

[[gnu::noinline]] void last_writer_after_writer() {
    auto mutex = std::make_unique<gofer::RWMutex>();
    mutex->lock();
    gofer::go([m = mutex.get()] { m->unlock(); });
    mutex->lock();
    mutex->unlock();
    mutex.reset();
}

[[gnu::noinline]] void last_reader_after_writer() {
    auto mutex = std::make_unique<gofer::RWMutex>();
    mutex->lock();
    gofer::go([m = mutex.get()] { m->unlock(); });
    mutex->lock_shared();
    mutex.reset();
}

[[gnu::noinline]] void last_writer_after_readers() {
    auto mutex = std::make_unique<gofer::RWMutex>();
    mutex->lock_shared();
    mutex->lock_shared();
    for (int i = 0; i < 2; ++i) gofer::go([m = mutex.get()] { m->unlock_shared(); });
    mutex->lock();
    mutex.reset();
}

[[gnu::noinline]] void last_permit() {
    auto semaphore = std::make_unique<gofer::Semaphore>(2);
    semaphore->acquire(2);
    for (int i = 0; i < 2; ++i) gofer::go([s = semaphore.get()] { s->release(); });
    semaphore->acquire(2);
    semaphore.reset();
}

[[gnu::noinline]] void last_at_barrier() {
    auto barrier = std::make_unique<gofer::Barrier>(2);
    gofer::go([b = barrier.get()] { b->arrive_and_wait(); });
    barrier->arrive_and_wait();
    barrier.reset();
}

[[gnu::noinline]] void done_once() {
    auto once = std::make_unique<gofer::Once>();
    gofer::WaitGroup running;
    running.add();
    gofer::go([&running, o = once.get()] { o->call([&running] { running.done(); }); });
    running.wait();
    once->call([] {});
    once.reset();
}

/// The waiter is claimed before it parks, or after.
[[gnu::noinline]] void notified() {
    auto cond = std::make_unique<gofer::Cond>();
    struct Release {
        gofer::Cond* cond;
        bool here;
        void lock() {}
        void unlock() {
            if (here) return cond->notify_one();
            gofer::go([c = cond] { c->notify_one(); });
        }
    };
    static int round = 0;
    Release lock{cond.get(), ++round % 2 == 0};
    cond->wait(lock);
    cond.reset();
}

template <class F>
void a_thousand_times(F f) {
    fixture::at_each_worker_count([&f] {
        for (int i = 0; i < 1000; ++i) f();
    });
}

// A plain thread goes on by itself while its waker is held up.
void on_a_disturbed_thread(void (*f)()) {
    fixture::on_a_plain_thread([f] {
        const fixture::Disturbance disturbance;
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{300};
        while (std::chrono::steady_clock::now() < end) f();
    });
}

} // namespace

TEST_CASE("an RWMutex may go when its last owner has it") {
    a_thousand_times(last_writer_after_writer);
    a_thousand_times(last_reader_after_writer);
    a_thousand_times(last_writer_after_readers);
}

TEST_CASE("a Semaphore may go when its last permits are out") {
    a_thousand_times(last_permit);
}

TEST_CASE("a Barrier may go when it is passed") {
    a_thousand_times(last_at_barrier);
}

TEST_CASE("a Once may go when it is done") {
    a_thousand_times(done_once);
}

TEST_CASE("a Cond may go when its last waiter is notified") {
    a_thousand_times(notified);
}

TEST_CASE("an RWMutex may go when a plain thread is its last owner") {
    on_a_disturbed_thread(last_writer_after_writer);
    on_a_disturbed_thread(last_reader_after_writer);
    on_a_disturbed_thread(last_writer_after_readers);
}

TEST_CASE("a Semaphore may go when a plain thread has its last permits") {
    on_a_disturbed_thread(last_permit);
}

TEST_CASE("a Barrier may go when a plain thread has passed it") {
    on_a_disturbed_thread(last_at_barrier);
}

TEST_CASE("a Once may go when a plain thread finds it done") {
    on_a_disturbed_thread(done_once);
}

TEST_CASE("a Cond may go when its waiting plain thread is notified") {
    on_a_disturbed_thread(notified);
}

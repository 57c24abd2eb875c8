// What is waited for may be destroyed as soon as the wait returns, also while the call that woke the waiter has not yet
// returned itself: the waker touches nothing of it afterwards. AddressSanitizer is the judge, and so are the values.
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/disturbance.hpp"
#include "../support/fixture.hpp"

namespace {

constexpr int rounds = 2000;

/// Makes what is left of a frame unlike what stood there, so that a late touch shows.
[[gnu::noinline]] void overwrite_frames() {
    volatile char frames[512];
    for (volatile char& c : frames) c = 0x55;
}

int fib(int n) {
    if (n < 2) return n;
    gofer::WaitGroup wg;
    int left = 0;
    wg.go([&left, n] { left = fib(n - 1); });
    const int right = fib(n - 2);
    wg.wait();
    return left + right;
}

[[gnu::noinline]] void wait_for_group() {
    gofer::WaitGroup wg;
    wg.go([] {});
    wg.wait();
}

[[gnu::noinline]] void wait_for_promise() {
    auto promise = std::make_unique<gofer::Promise<int>>();
    gofer::Future<int> future = promise->future();
    gofer::go([p = std::move(promise)] { p->set_value(1); });
    VERIFY(future.get() == 1);
}

[[gnu::noinline]] void receive_once() {
    const gofer::Channel<int> c;
    gofer::go([&c] { c.send(1); });
    VERIFY(c.receive() == 1);
}

[[gnu::noinline]] void send_once() {
    const gofer::Channel<int> c;
    gofer::go([&c] { c.receive(); });
    c.send(1);
}

[[gnu::noinline]] void wait_for_close() {
    const gofer::Channel<int> c;
    gofer::go([&c] { c.close(); });
    VERIFY(!c.receive());
}

[[gnu::noinline]] void select_once() {
    const gofer::Channel<int> c, d;
    gofer::go([&c] { c.send(1); });
    VERIFY(gofer::select(gofer::recv(c), gofer::recv(d)) == 0);
}

/// The last of two to unlock is still in unlock() when the other one, who owns the mutex now, destroys it.
[[gnu::noinline]] void hand_mutex_over() {
    auto mutex = std::make_unique<gofer::Mutex>();
    gofer::Mutex& m = *mutex;
    m.lock();
    gofer::go([&m] { m.unlock(); });
    m.lock();
    m.unlock();
    mutex.reset();
}

template <class F>
void again_and_again(F f) {
    fixture::at_each_worker_count([&f] {
        for (int i = 0; i < rounds; ++i) {
            f();
            overwrite_frames();
        }
    });
}

} // namespace

TEST_CASE("a wait group may go when its wait returns: a tree of them") {
    fixture::at_each_worker_count([] { VERIFY(fib(14) == 377); });
}

TEST_CASE("a wait group may go when its wait returns") {
    again_and_again(wait_for_group);
}

TEST_CASE("a wait group may go when a timed wait for it returns") {
    again_and_again([] {
        gofer::WaitGroup wg;
        wg.go([] {});
        while (!wg.wait_for(std::chrono::microseconds{1})) {
        }
    });
}

TEST_CASE("a Future and its Promise may go when the value is there") {
    again_and_again(wait_for_promise);
}

TEST_CASE("a channel may go when its value has been received") {
    again_and_again(receive_once);
}

TEST_CASE("a channel may go when its value has been sent") {
    again_and_again(send_once);
}

TEST_CASE("a channel may go when it was closed") {
    again_and_again(wait_for_close);
}

TEST_CASE("a channel may go when a select has chosen it") {
    again_and_again(select_once);
}

TEST_CASE("a mutex may go when its last owner has it") {
    again_and_again(hand_mutex_over);
}

// A plain thread goes on by itself while its waker is held up, where a goroutine would often wait for its turn on the
// waker's own worker.
void as_a_plain_thread(void (*f)()) {
    fixture::on_a_plain_thread([f] {
        const fixture::Disturbance disturbance;
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{500};
        while (std::chrono::steady_clock::now() < end) {
            f();
            overwrite_frames();
        }
    });
}

TEST_CASE("a wait group may go when the wait of a plain thread returns") {
    as_a_plain_thread(wait_for_group);
}

TEST_CASE("a Future and its Promise may go when a plain thread has the value") {
    as_a_plain_thread(wait_for_promise);
}

TEST_CASE("a channel may go when a plain thread has received from it") {
    as_a_plain_thread(receive_once);
}

TEST_CASE("a channel may go when a plain thread has sent on it") {
    as_a_plain_thread(send_once);
}

TEST_CASE("a channel may go when a plain thread has seen it closed") {
    as_a_plain_thread(wait_for_close);
}

TEST_CASE("a channel may go when the select of a plain thread has chosen it") {
    as_a_plain_thread(select_once);
}

TEST_CASE("a mutex may go when a plain thread is its last owner") {
    as_a_plain_thread(hand_mutex_over);
}

TEST_CASE("a wait group of a goroutine may go when a plain thread was the last one") {
    fixture::on_a_plain_thread([] {
        std::atomic<gofer::WaitGroup*> next{nullptr};
        std::atomic<bool> over{false};
        std::thread thread{[&] {
            while (!over)
                if (gofer::WaitGroup* wg = next.exchange(nullptr)) wg->done();
        }};
        gofer::run(fixture::with_workers(2), [&next] {
            for (int i = 0; i < rounds / 2; ++i) {
                gofer::WaitGroup wg;
                wg.add(1);
                next = &wg;
                wg.wait();
                overwrite_frames();
            }
        });
        over = true;
        thread.join();
    });
}

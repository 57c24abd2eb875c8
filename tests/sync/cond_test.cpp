// Cond: waiters join before the lock is released, notifications go to those who wait, in turn.
// After the ideas of golang/go src/sync/cond_test.go.
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

constinit gofer::Cond global_cond;

struct Gate {
    gofer::Mutex mutex;
    gofer::Cond opened;
    bool open{false};

    void pass() {
        std::unique_lock lock{mutex};
        opened.wait(lock, [this] { return open; });
        VERIFY(lock.owns_lock());
    }
    void unbar() {
        std::lock_guard guard{mutex};
        open = true;
        opened.notify_all();
    }
};

/// A lock of the user's own: a buffered channel that holds one token.
class ChannelLock {
public:
    ChannelLock() { unlock(); }
    void lock() { token_.receive(); }
    void unlock() { token_.send({}); }

private:
    gofer::Channel<gofer::Unit> token_{1};
};

} // namespace

TEST_CASE("notify_one wakes one waiter at a time, the one that has waited longest") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::Cond cond;
        std::string order;
        gofer::WaitGroup wg;
        for (char name = 'a'; name <= 'd'; ++name) {
            wg.go([&, name] {
                std::unique_lock lock{mutex};
                cond.wait(lock);
                order += name;
            });
            fixture::parked_reaches(static_cast<std::size_t>(name - 'a') + 1);
        }
        for (std::size_t woken = 1; woken <= 4; ++woken) {
            cond.notify_one();
            VERIFY(fixture::eventually([&] {
                std::lock_guard guard{mutex};
                return order.size() == woken;
            }));
        }
        wg.wait();
        VERIFY(order == "abcd");
    });
}

TEST_CASE("notify_all wakes all who wait, and nobody who comes later") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::Cond cond;
        gofer::WaitGroup early, late;
        const auto wait = [&] {
            std::unique_lock lock{mutex};
            cond.wait(lock);
        };
        for (int i = 0; i < 5; ++i) early.go(wait);
        fixture::parked_reaches(5);
        cond.notify_all();
        early.wait();
        late.go(wait);
        fixture::parked_reaches(1);
        cond.notify_one();
        late.wait();
    });
}

TEST_CASE("notifications that nobody waits for are not kept") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::Cond cond;
        cond.notify_one();
        cond.notify_all();
        std::unique_lock lock{mutex};
        VERIFY(cond.wait_for(lock, std::chrono::microseconds{100}) == std::cv_status::timeout);
    });
}

TEST_CASE("wait with a predicate returns when it holds, with the lock") {
    fixture::at_each_worker_count([] {
        Gate gate;
        gofer::WaitGroup wg;
        for (int i = 0; i < 6; ++i) wg.go([&] { gate.pass(); });
        fixture::parked_reaches(6);
        gate.opened.notify_all();
        gate.unbar();
        wg.wait();
        gate.pass();
    });
}

TEST_CASE("a queue under a Mutex and two Conds loses nothing") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::Cond not_empty, not_full;
        int held = 0;
        constexpr int capacity = 3, each = 200;
        gofer::WaitGroup wg;
        for (int g = 0; g < 3; ++g) {
            wg.go([&] {
                for (int i = 0; i < each; ++i) {
                    std::unique_lock lock{mutex};
                    not_full.wait(lock, [&] { return held < capacity; });
                    ++held;
                    not_empty.notify_one();
                }
            });
            wg.go([&] {
                for (int i = 0; i < each; ++i) {
                    std::unique_lock lock{mutex};
                    not_empty.wait(lock, [&] { return held > 0; });
                    --held;
                    not_full.notify_one();
                }
            });
        }
        wg.wait();
        VERIFY(held == 0);
    });
}

TEST_CASE("a Cond takes a Mutex, a unique_lock, an RWMutex, and a lock of the user's own") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::RWMutex rw;
        ChannelLock own;
        gofer::Cond cond;
        std::atomic<int> woken{0};
        gofer::WaitGroup wg;
        const auto wait_under = [&](auto& lockable) {
            lockable.lock();
            cond.wait(lockable);
            ++woken;
            lockable.unlock();
        };
        wg.go([&] { wait_under(mutex); });
        wg.go([&] { wait_under(rw); });
        wg.go([&] { wait_under(own); });
        wg.go([&] {
            std::unique_lock lock{own};
            cond.wait(lock);
            ++woken;
        });
        fixture::parked_reaches(4);
        cond.notify_all();
        wg.wait();
        VERIFY(woken == 4);
    });
}

TEST_CASE("wait with a lock that is not held throws what unlock throws, and leaves nothing behind") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::Cond cond;
        std::unique_lock lock{mutex, std::defer_lock};
        VERIFY(fixture::throws<std::system_error>([&] { cond.wait(lock); }));
        cond.notify_one();
        gofer::WaitGroup wg;
        wg.go([&] {
            std::unique_lock held{mutex};
            cond.wait(held);
        });
        fixture::parked_reaches(1);
        cond.notify_one();
        wg.wait();
    });
}

TEST_CASE("a notification while the lock is being released counts") {
    fixture::at_each_worker_count([] {
        gofer::Cond cond;
        struct Notifying {
            gofer::Cond& cond;
            bool held = true;
            void lock() { held = true; }
            void unlock() {
                held = false;
                cond.notify_one();
                gofer::yield();
            }
        } lock{cond};
        for (int i = 0; i < 50; ++i) cond.wait(lock);
        VERIFY(lock.held);
    });
}

TEST_CASE("a notification that meets an unlock that throws goes to the next waiter") {
    fixture::at_each_worker_count([] {
        gofer::Mutex mutex;
        gofer::Cond cond;
        gofer::WaitGroup wg;
        struct Refusing {
            std::function<void()> refuse;
            void lock() {}
            void unlock() { refuse(); }
        };
        Refusing refusing{[&] {
            cond.notify_one(); // for the one that is about to wait, there is no other
            wg.go([&] {
                std::unique_lock lock{mutex};
                cond.wait(lock);
            });
            fixture::parked_reaches(1);
            throw std::runtime_error{"not mine"};
        }};
        VERIFY(fixture::throws<std::runtime_error>([&] { cond.wait(refusing); }));
        wg.wait();
    });
}

TEST_CASE("a Cond may be destroyed as soon as all have been notified") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 300; ++i) {
            gofer::Mutex mutex;
            auto cond = std::make_unique<gofer::Cond>();
            bool ready = false;
            gofer::WaitGroup wg;
            wg.go([&, c = cond.get()] {
                std::unique_lock lock{mutex};
                ready = true;
                c->notify_all();
            });
            {
                std::unique_lock lock{mutex};
                cond->wait(lock, [&] { return ready; });
                cond.reset();
            }
            wg.wait();
        }
    });
}

TEST_CASE("a global Cond is initialized before any code runs") {
    global_cond.notify_all();
}

TEST_CASE("plain threads and goroutines wait for one Cond") {
    fixture::on_a_plain_thread([] {
        Gate gate;
        gofer::WaitGroup wg;
        std::thread thread{[&] { gate.pass(); }};
        wg.go([&] { gate.pass(); });
        std::thread opener{[&] { gate.unbar(); }};
        gate.pass();
        thread.join();
        opener.join();
        wg.wait();
    });
}

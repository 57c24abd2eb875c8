// The world of threads: std::thread, std::mutex and std::condition_variable, as one would write it without
// a library.
//
// "Workers" are CPUs that the process may use. Sizes are small, for a thread costs a thousand goroutines.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "bench/harness/sizes.hpp"
#include "bench/peers/std/cpus.hpp"
#include "bench/peers/group.hpp"

namespace world {

inline constexpr bench::Sizes sizes{.spawned = 5'000,
                                    .leaves = 1'000,
                                    .round_trips = 5'000,
                                    .elements = 200'000,
                                    .locks_each = 100'000,
                                    .turns = 200'000,
                                    .fib_of = 14,
                                    .primes = 100,
                                    .waiting = 2'000,
                                    .parked = 5'000,
                                    .queens = 6,
                                    .crowd = 1'000};

using Mutex = std::mutex;
using std::this_thread::sleep_for;
using std::this_thread::yield;

template <class F, class... Args>
void go(F f, Args... args) {
    std::thread(std::move(f), std::move(args)...).detach();
}

template <class F>
void run(unsigned workers, F f) {
    const bench::UseCpus only(workers);
    f();
}

class WaitGroup {
public:
    void add(int n) {
        const std::lock_guard lock(mutex_);
        count_ += n;
    }

    void done() {
        const std::lock_guard lock(
            mutex_); // held while notifying: the waiter may destroy this as soon as it runs
        if (--count_ == 0) {
            zero_.notify_all();
        }
    }

    void wait() {
        std::unique_lock lock(mutex_);
        zero_.wait(lock, [this] { return count_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable zero_;
    int count_ = 0;
};

struct Start {
    template <class F>
    void operator()(F f) const {
        go(std::move(f));
    }
};
using Group = bench::Group<WaitGroup, Start>;

/// A handle of a queue under a mutex; with capacity 0 a sender also waits until its value is taken.
template <class T>
class Channel {
public:
    explicit Channel(std::size_t capacity = 0) : shared_(std::make_shared<Shared>(capacity)) {}

    void send(T v) const {
        Shared& c = *shared_;
        std::unique_lock lock(c.mutex);
        c.room.wait(lock, [&] { return c.queue.size() < std::max<std::size_t>(c.capacity, 1); });
        c.queue.push_back(std::move(v));
        const std::size_t mine = ++c.sent;
        c.filled.notify_one();
        if (c.capacity == 0) {
            c.taken.wait(lock, [&] { return c.received >= mine; });
        }
    }

    std::optional<T> receive() const {
        Shared& c = *shared_;
        std::unique_lock lock(c.mutex);
        c.filled.wait(lock, [&] { return !c.queue.empty() || c.closed; });
        if (c.queue.empty()) {
            return std::nullopt;
        }
        std::optional<T> v(std::move(c.queue.front()));
        c.queue.pop_front();
        ++c.received;
        c.room.notify_one();
        if (c.capacity == 0) {
            c.taken.notify_all();
        }
        return v;
    }

    void close() const {
        const std::lock_guard lock(shared_->mutex);
        shared_->closed = true;
        shared_->filled.notify_all();
    }

private:
    struct Shared {
        explicit Shared(std::size_t n) : capacity(n) {}
        const std::size_t capacity;
        std::mutex mutex;
        std::condition_variable filled, room, taken;
        std::deque<T> queue;
        std::size_t sent = 0, received = 0;
        bool closed = false;
    };
    std::shared_ptr<Shared> shared_;
};

} // namespace world

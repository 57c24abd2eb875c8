// The world of Boost.Fiber: its own channels and mutex, work stealing between the threads, detached fibers.
//
// Sizes are smaller, for a fiber takes a stack when it is started and runs in the order of starting.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include <boost/fiber/all.hpp>

#include "bench/harness/sizes.hpp"
#include "bench/peers/fiber/pool.hpp"
#include "bench/peers/group.hpp"

namespace world {

inline constexpr bench::Sizes sizes{.spawned = 20'000,
                                    .leaves = 10'000,
                                    .round_trips = 50'000,
                                    .elements = 400'000,
                                    .locks_each = 50'000,
                                    .fib_of = 18,
                                    .primes = 200,
                                    .waiting = 5'000,
                                    .parked = 10'000,
                                    .queens = 8,
                                    .crowd = 10'000};

using boost::this_fiber::sleep_for;
using boost::this_fiber::yield;
using Mutex = boost::fibers::mutex;

template <class F, class... Args>
void go(F f, Args... args) {
    boost::fibers::fiber(boost::fibers::launch::post, std::move(f), std::move(args)...).detach();
}

/// The first run decides on the number of workers: work stealing cannot be set up twice in a process.
template <class F>
void run(unsigned workers, F f) {
    static bench::FiberPool pool(workers);
    if (pool.workers() != workers) {
        std::cerr << "Boost.Fiber: one number of workers a process; give --workers=N\n";
        std::exit(2);
    }
    f();
}

class WaitGroup {
public:
    void add(int n) {
        const std::lock_guard lock(mutex_);
        count_ += n;
    }

    void done() {
        const std::lock_guard lock(mutex_);
        if (--count_ == 0) {
            zero_.notify_all();
        }
    }

    void wait() {
        std::unique_lock lock(mutex_);
        zero_.wait(lock, [this] { return count_ == 0; });
    }

private:
    boost::fibers::mutex mutex_;
    boost::fibers::condition_variable zero_;
    int count_ = 0;
};

struct Start {
    template <class F>
    void operator()(F f) const {
        go(std::move(f));
    }
};
using Group = bench::Group<WaitGroup, Start>;

/// A handle of one of Boost's two kinds of channel; a buffered one has room for capacity - 1.
template <class T>
class Channel {
public:
    Channel() : shared_(std::make_shared<Either>(std::in_place_type<Unbuffered>)) {}
    explicit Channel(std::size_t capacity)
        : shared_(std::make_shared<Either>(std::in_place_type<Buffered>, capacity < 2 ? 2 : capacity)) {}

    void send(T v) const {
        std::visit([&](auto& c) { c.push(std::move(v)); }, *shared_);
    }

    std::optional<T> receive() const {
        T v{};
        const auto status = std::visit([&](auto& c) { return c.pop(v); }, *shared_);
        return status == boost::fibers::channel_op_status::success ? std::optional<T>(std::move(v))
                                                                   : std::nullopt;
    }

    void close() const {
        std::visit([](auto& c) { c.close(); }, *shared_);
    }

private:
    using Unbuffered = boost::fibers::unbuffered_channel<T>;
    using Buffered = boost::fibers::buffered_channel<T>;
    using Either = std::variant<Unbuffered, Buffered>;
    std::shared_ptr<Either> shared_;
};

} // namespace world

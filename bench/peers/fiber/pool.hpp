// The threads that run fibers: the caller's, and others that steal from it until the end of the process.
#pragma once

#include <mutex>
#include <thread>
#include <vector>

#include <boost/fiber/all.hpp>

namespace bench {

class FiberPool {
public:
    explicit FiberPool(unsigned workers) : workers_(workers) {
        if (workers < 2) {
            return; // the default: round robin on the one thread
        }
        for (unsigned i = 1; i < workers; ++i) {
            others_.emplace_back([this] { steal(); });
        }
        boost::fibers::use_scheduling_algorithm<boost::fibers::algo::work_stealing>(workers_);
    }

    /// Runs at exit, when the main thread has lost its fibers already: another thread says stop.
    ~FiberPool() {
        if (others_.empty()) {
            return;
        }
        std::thread([this] {
            const std::lock_guard lock(mutex_);
            stopped_ = true;
            stop_.notify_all();
        }).join();
        for (std::thread& other : others_) {
            other.join();
        }
    }

    FiberPool(const FiberPool&) = delete;
    FiberPool& operator=(const FiberPool&) = delete;

    unsigned workers() const { return workers_; }

private:
    void steal() {
        boost::fibers::use_scheduling_algorithm<boost::fibers::algo::work_stealing>(workers_);
        std::unique_lock lock(mutex_);
        stop_.wait(lock, [this] { return stopped_; });
    }

    const unsigned workers_;
    std::vector<std::thread> others_;
    boost::fibers::mutex mutex_;
    boost::fibers::condition_variable stop_;
    bool stopped_ = false;
};

} // namespace bench

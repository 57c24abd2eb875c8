// Runnables that come from elsewhere: for a scheduler from threads that are no workers of it, for a worker the
// goroutines that are pinned to it, which no thief may have. First in, first out.
#pragma once

#include <atomic>
#include <cstdint>

#include <gofer/base/spin_lock.hpp>
#include <gofer/sched/run_queue.hpp>

namespace gofer::inline v1::sched {

class InjectionQueue {
public:
    bool empty() const noexcept { return size_.load(std::memory_order_relaxed) == 0; }

    void push(Runnable r) noexcept {
        lock_.lock();
        ring_.push(r);
        size_.store(ring_.size(), std::memory_order_relaxed);
        lock_.unlock();
    }
    std::uint32_t pop(Runnable* out, std::uint32_t most) noexcept {
        lock_.lock();
        std::uint32_t n = 0;
        while (n < most && !ring_.empty()) out[n++] = ring_.pop_oldest();
        size_.store(ring_.size(), std::memory_order_relaxed);
        lock_.unlock();
        return n;
    }
    /// Takes out an entry that was pushed before. False: somebody else has it.
    bool take_back(Runnable r) noexcept {
        lock_.lock();
        bool found = false;
        for (std::uint32_t n = ring_.size(); n > 0; --n) {
            const Runnable oldest = ring_.pop_oldest();
            oldest == r ? static_cast<void>(found = true) : ring_.push(oldest);
        }
        size_.store(ring_.size(), std::memory_order_relaxed);
        lock_.unlock();
        return found;
    }
    void shed() noexcept {
        lock_.lock();
        ring_.shed();
        lock_.unlock();
    }
    std::uint32_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

private:
    base::SpinLock lock_;
    Ring ring_;
    std::atomic<std::uint32_t> size_{0};
};

} // namespace gofer::inline v1::sched

// How many goroutines of a group there may be at a time: a counter with a line of those who wait for a place. A
// place that becomes free goes to the first in line, so nobody is overtaken.
#pragma once

#include <cstddef>
#include <limits>
#include <mutex>

#include <gofer/wait/waiter.hpp>

namespace gofer::inline v1::group {

class Slots {
public:
    /// Negative: no limit. False: some are taken.
    bool set_limit(std::ptrdiff_t n) noexcept {
        base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (taken_ > 0) return false;
        limit_ = n < 0 ? unlimited : n;
        return true;
    }

    void acquire() {
        base::EngineRegion engine;
        lock_.lock();
        if (take()) return lock_.unlock();
        wait::Episode episode;
        wait::Waiter self(episode, nullptr);
        line_.push_back(self);
        episode.park(task::WaitReason::err_group, this, wait::Unlock::of(lock_));
        if (episode.ended() == wait::Ended::by_partner) return;
        lock_.lock();
        line_.remove_if_linked(self);
        lock_.unlock();
        episode.pass_unwind();
    }
    bool try_acquire() noexcept {
        base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        return take();
    }
    void release() noexcept {
        base::EngineRegion engine;
        base::engine_release(this); // partner: take(), or the wake-up
        lock_.lock();
        wait::Waiter* first = nullptr;
        const wait::Claimed next = wait::claim_first(line_, first);
        if (!next) --taken_;
        lock_.unlock();
        if (next) next.wake();
    }

private:
    static constexpr std::ptrdiff_t unlimited = std::numeric_limits<std::ptrdiff_t>::max();

    bool take() noexcept {
        if (taken_ >= limit_) return false;
        ++taken_;
        base::engine_acquire(this);
        return true;
    }

    base::SpinLock lock_;
    std::ptrdiff_t limit_ = unlimited;
    std::ptrdiff_t taken_ = 0;
    wait::WaitList line_;
};

} // namespace gofer::inline v1::group

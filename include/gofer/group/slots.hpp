// How many goroutines of a group there may be at a time: a counter with a line of those who wait for a place. A
// place that becomes free goes to the first in line, so nobody is overtaken.
//
// The one that was given a place may belong to a runtime that ends before it can go on. So until it does it stands in a
// list of its own, from which others take such a place back: whoever comes and finds none, and whoever waits behind a
// goroutine of another runtime, for the end of a runtime makes him look again (wait/recall.hpp).
#pragma once

#include <cstddef>
#include <limits>
#include <mutex>

#include <gofer/wait/company.hpp>
#include <gofer/wait/recall.hpp>
#include <gofer/wait/waiter.hpp>

namespace gofer::inline v1::group {

class Slots {
public:
    /// Negative: no limit. False: some are taken.
    bool set_limit(std::ptrdiff_t n) noexcept {
        base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        take_back();
        if (taken_ > 0) return false;
        limit_ = n < 0 ? unlimited : n;
        return true;
    }

    void acquire() {
        base::EngineRegion engine;
        while (!take_or_wait()) {
        }
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
        if (next)
            arriving_.push_back(*first);
        else
            --taken_;
        lock_.unlock();
        if (next) next.wake();
    }

private:
    static constexpr std::ptrdiff_t unlimited = std::numeric_limits<std::ptrdiff_t>::max();

    bool take() noexcept {
        if (taken_ >= limit_) take_back();
        if (taken_ >= limit_) return false;
        ++taken_;
        base::engine_acquire(this);
        return true;
    }

    // A runtime may have ended since the last look.
    bool is_free_now() noexcept {
        take_back();
        return taken_ < limit_;
    }

    // False: look again.
    bool take_or_wait() {
        lock_.lock();
        if (take()) return lock_.unlock(), true;
        const bool mixed = company_.join(line_.empty() && arriving_.empty()) != wait::Company::Kind::alike;
        wait::Episode episode({}, mixed);
        wait::Waiter self(episode, nullptr);
        {
            const wait::Recall::Listed listed(episode, mixed);
            if (mixed && is_free_now() && episode.claim(wait::Ended::by_partner)) { // (else it is recalled at this moment)
                take();
                return lock_.unlock(), true;
            }
            line_.push_back(self);
            episode.park(task::WaitReason::err_group, this, wait::Unlock::of(lock_));
        }
        const bool given = episode.ended() == wait::Ended::by_partner;
        lock_.lock();
        const bool still_here = (given ? arriving_ : line_).remove_if_linked(self);
        lock_.unlock();
        if (!given) episode.pass_unwind();
        return given && still_here; // else it was taken back: the runtime has stopped
    }

    // Those of one's own runtime end with it.
    void take_back() noexcept {
        if (arriving_.empty() || company_.ends_with_caller()) return;
        for (wait::Waiter *waiter = arriving_.front(), *next = nullptr; waiter; waiter = next) {
            next = waiter->next;
            if (!waiter->episode->abandoned()) continue;
            arriving_.remove(*waiter);
            --taken_;
        }
    }

    base::SpinLock lock_;
    std::ptrdiff_t limit_ = unlimited;
    std::ptrdiff_t taken_ = 0;
    wait::WaitList line_;
    wait::WaitList arriving_; // those who were given a place, and have not run since
    wait::Company company_; // of those in both
};

} // namespace gofer::inline v1::group

// The records that goroutines are started by and that nobody uses at the moment: what is left of a closure that was moved out
// of one stands there until the next comes, and is no reason to take what it points to for known (suspects.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <gofer/debug/mapping.hpp>
#include <gofer/debug/standstill.hpp>
#include <gofer/debug/time_limit.hpp>
#include <gofer/sched/monitor.hpp>
#include <gofer/sched/this_worker.hpp>
#include <gofer/task/record_pool.hpp>

namespace gofer::inline v1::debug {

/// Those of the workers of which it is sure that they take none at this moment, and those in the depot. At a standstill.
class FreeRecords {
public:
    /// While they are pinned. When the limit has passed there are some that are not noted.
    void note(const Standstill& still, TimeLimit& limit) noexcept {
        const auto note_one = [this, &limit](const void* record, std::size_t bytes) {
            if (size_ == most || limit.passed()) return false;
            const auto at = reinterpret_cast<std::uintptr_t>(record);
            record_[size_++] = {at, at + bytes};
            return true;
        };
        const sched::Worker* own = sched::this_worker();
        sched::Monitor::instance().try_for_each(0, [&](const sched::Scheduler& s) {
            for (const auto& w : s.workers) {
                const StoppedThread* t = still.find(w->tid);
                if (w.get() == own || w->exited.load(std::memory_order_acquire) || (t && t->in_system_call))
                    w->records.for_each_free(note_one);
            }
        });
        task::RecordDepot::instance().try_for_each_free(note_one);
        std::sort(record_, record_ + size_, [](const Range& a, const Range& b) { return a.begin < b.begin; });
    }

    bool holds(std::uintptr_t at) const noexcept {
        const Range* next = std::upper_bound(record_, record_ + size_, at,
                                             [](std::uintptr_t a, const Range& r) { return a < r.begin; });
        return next != record_ && next[-1].holds(at);
    }

private:
    static constexpr std::size_t most = 65536; // the others clear whom they point to

    Range record_[most];
    std::size_t size_ = 0;
};

} // namespace gofer::inline v1::debug

// Whether those who wait in one list are of one runtime, or of several, one of which may end before the others. Who
// relies on one that may end first waits so that it is recalled (recall.hpp).
#pragma once

#include <cstdint>

#include <gofer/sched/default_scheduler.hpp>
#include <gofer/wait/episode.hpp>

namespace gofer::inline v1::wait {

/// Whether the runtime of one who waits may end while the caller lives on. The default one does not, nor does a thread.
inline bool may_end_first(const Episode& other) noexcept {
    if (!other.goroutine()) return false;
    const sched::Scheduler* home = sched::home_of(other.goroutine());
    const sched::Worker* w = sched::this_worker();
    if (w && (w->scheduler == home || w->scheduler->stopped.load(std::memory_order_relaxed))) return false;
    return home != sched::default_scheduler_slot().load(std::memory_order_relaxed);
}

/// For primitives that wake one waiter and rely on it. Guarded by the lock of the list.
class Company {
public:
    /// Mixed: those who were there before may not know.
    enum class Kind { alike, mixed };

    /// The caller comes to wait; `alone`: nobody is there.
    Kind join(bool alone) noexcept {
        const std::uint32_t mine = runtime_here();
        if (alone) home_ = mine;
        if (home_ == mine) return Kind::alike;
        home_ = several;
        return Kind::mixed;
    }
    /// Whether all of them end with the caller's runtime.
    bool ends_with_caller() const noexcept { return home_ == runtime_here(); }

private:
    static constexpr std::uint32_t endless = UINT32_MAX - 1; // the default runtime, and plain threads
    static constexpr std::uint32_t several = UINT32_MAX;

    /// The number of the runtime with which a wait of the caller's would end.
    static std::uint32_t runtime_here() noexcept {
        const sched::Worker* w = sched::this_worker();
        const bool may_end = w && w->scheduler != sched::default_scheduler_slot().load(std::memory_order_relaxed);
        return may_end ? w->scheduler->id : endless;
    }

    std::uint32_t home_ = endless;
};

} // namespace gofer::inline v1::wait

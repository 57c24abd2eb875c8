// The short wait before a wait: what is locked is often unlocked sooner than a switch would take.
#pragma once

#include <gofer/base/spin_lock.hpp>
#include <gofer/sched/scheduler.hpp>

namespace gofer::inline v1::wait {

/// Tries a few times, about a microsecond long: whoever holds the thing may be switched out. Not at all where there is
/// no other worker that could release it, and no longer than `worth_it()`.
template <class Try, class Worth>
bool spin(Try try_now, Worth worth_it) noexcept {
    const sched::Worker* w = sched::this_worker();
    if (w && w->scheduler->workers.on_duty() == 1) return false;
    for (int round = 0; round < 4 && worth_it(); ++round) {
        for (int i = 0; i < 30; ++i) base::cpu_relax();
        if (try_now()) return true;
    }
    return false;
}

template <class Try>
bool spin(Try try_now) noexcept {
    return spin(try_now, [] { return true; });
}

} // namespace gofer::inline v1::wait

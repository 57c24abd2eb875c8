// What outlives the worker it belongs to, since others may hold on to it: it is kept for a later worker, and never destroyed.
#pragma once

#include <mutex>
#include <utility>

#include <gofer/base/spin_lock.hpp>

namespace gofer::inline v1::sched {

/// Those of one kind that no worker has. A Thing has `open()`, called when a worker takes it, the link `next_kept`, and default
/// visibility, or each shared object would keep its own.
template <class Thing>
class Kept {
public:
    [[gnu::visibility("default")]] static Kept& instance() noexcept {
        static Kept& kept = *new Kept;
        return kept;
    }
    Thing& take() {
        const std::lock_guard<base::SpinLock> guard(lock_);
        Thing& thing = free_ ? *std::exchange(free_, free_->next_kept) : *new Thing;
        thing.open();
        return thing;
    }
    void give_back(Thing& thing) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        thing.next_kept = std::exchange(free_, &thing);
    }

private:
    base::SpinLock lock_;
    Thing* free_ = nullptr;
};

} // namespace gofer::inline v1::sched

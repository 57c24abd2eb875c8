// What a call that blocks holds until it may be seen to wait: the lock of the list that it has joined. The switch itself
// runs it, on the other side, as its `after` (fiber/switch.hpp).
#pragma once

#include <gofer/fiber/switch.hpp>

namespace gofer::inline v1::wait {

class Episode;

/// The lock to release when the wait has become visible: after the switch, or before a thread sleeps.
struct Unlock {
    using Run = void (*)(void* object) noexcept;

    Unlock(fiber::After by, void* what, Run lock_again = nullptr) noexcept : run(by), object(what), lock(lock_again) {}

    fiber::After run; // with any fiber
    void* object;
    Run lock; // takes it again; none: there is no list, so nothing can be known of its claimers

    void operator()() const noexcept { run(object, nullptr); }

    static Unlock nothing() noexcept { return {fiber::after_nothing, nullptr}; }
    template <class Lock>
    static Unlock of(Lock& lock) noexcept {
        return {[](void* l, fiber::Fiber*) { static_cast<Lock*>(l)->unlock(); }, &lock,
                [](void* l) noexcept { static_cast<Lock*>(l)->lock(); }};
    }

private:
    friend class Episode;
    Unlock() noexcept {} // not known yet
};

} // namespace gofer::inline v1::wait

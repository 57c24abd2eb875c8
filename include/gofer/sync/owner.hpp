// Who has a lock, for reports: an address on the stack of whoever took it last, one plain store. A goroutine's id would
// take a look at the thread, which costs a tenth of an uncontended lock and unlock. So of one that has ended with the lock
// in its hands nothing is known, and whoever runs on its stack next may be taken for it.
//
// Noted in debug builds only, for a Mutex and for the writer of an RWMutex; its readers are too many for one word. One
// store more measured as 2 per cent of lock and unlock (9.4 and 9.6 ns), and is one of 23 instructions. The member is
// there in every build, so that parts of a program that are built differently agree on what a Mutex is.
#pragma once

#include <atomic>

namespace gofer::inline v1::sync {

#if defined(NDEBUG)
inline constexpr bool notes_owners = false;
#else
inline constexpr bool notes_owners = true;
#endif

class Owner {
public:
    constexpr Owner() noexcept = default;

    /// By whoever has just got the lock.
    [[gnu::always_inline]] void note() noexcept {
        if constexpr (notes_owners) frame_.store(__builtin_frame_address(0), std::memory_order_relaxed);
    }

private:
    friend struct OwnerView;

    std::atomic<const void*> frame_{nullptr};
};

/// For reports, which peek: the lock may be gone.
struct OwnerView {
    static const std::atomic<const void*>& frame_of(const Owner& owner) noexcept { return owner.frame_; }
};

} // namespace gofer::inline v1::sync

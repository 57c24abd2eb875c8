// Until when a call may block: a deadline, and a hook by which something else ends the wait early.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>

#include <gofer/base/clock.hpp>
#include <gofer/base/list.hpp>
#include <gofer/base/sanitizer.hpp>

namespace gofer::inline v1::wait {

class Episode;

/// One wait that an Interrupt may end; lies in the frame of the call that waits.
struct InterruptNode : base::ListHook<InterruptNode> {
    Episode* episode = nullptr;
};

/// What ends waits early. Context implements it, so sync/ and chan/ need not know contexts.
/// To fire, an implementation calls end_early() for each attached node under the lock that detach() takes.
class Interrupt {
public:
    /// Attaches the wait. False: it has fired already, and the node is not attached.
    virtual bool attach(InterruptNode& node) noexcept = 0;
    /// When this has returned, nobody touches the node or its episode any more.
    virtual void detach(InterruptNode& node) noexcept = 0;

    /// What the call that fired it did before happens before what follows a true.
    bool fired() const noexcept {
        const bool has = fired_.load(std::memory_order_acquire);
        if (has) base::tsan_acquire(&fired_);
        return has;
    }

protected:
    ~Interrupt() = default;

    std::atomic<bool> fired_{false}; // set, with release, before the attached waits are ended
};

/// A handle whose end ends waits: Context. A null pointer: it never ends.
template <class C>
concept Ending = requires(const C& c) {
    { interrupt_of(c) } noexcept -> std::same_as<Interrupt*>;
};

inline constexpr std::int64_t no_wait = 0;

struct Until {
    std::int64_t deadline = base::never; // no_wait: do not block at all
    Interrupt* interrupt = nullptr;

    static Until forever() noexcept { return {}; }
    template <class Rep, class Period>
    static Until after(std::chrono::duration<Rep, Period> d) noexcept {
        const std::int64_t ns = base::saturated_ns(d);
        return {ns == 0 ? no_wait : base::deadline_after(ns), nullptr};
    }
    template <class C, class D>
    static Until at(std::chrono::time_point<C, D> tp) noexcept {
        return {base::deadline_at(tp), nullptr};
    }
    template <Ending C>
    static Until end_of(const C& c) noexcept {
        return {base::never, interrupt_of(c)};
    }

    bool interrupted() const noexcept { return interrupt && interrupt->fired(); }
    bool limited() const noexcept { return deadline != base::never || interrupt; }
    [[gnu::always_inline]] bool over() const noexcept {
        if (deadline == base::never) [[likely]]
            return false;
        return deadline == no_wait || deadline <= base::now_ns();
    }
};

} // namespace gofer::inline v1::wait

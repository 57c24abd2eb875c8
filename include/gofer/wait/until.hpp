// Until when a call may block: a deadline, and a hook by which something else ends the wait early.
#pragma once

#include <cstdint>

#include <gofer/base/clock.hpp>
#include <gofer/base/list.hpp>

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

protected:
    ~Interrupt() = default;
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

    bool limited() const noexcept { return deadline != base::never || interrupt; }
    bool over() const noexcept {
        return deadline == no_wait || (deadline != base::never && deadline <= base::now_ns());
    }
};

} // namespace gofer::inline v1::wait

// with_timeout and with_deadline: a context that ends by itself. Its timer stands on a worker's heap
// (sched/arm.hpp) and is taken off when the context ends otherwise or is dropped. Firing happens under the heap's
// lock, so it only keeps the scope alive; the wave is a step after it.
#pragma once

#include <chrono>

#include <gofer/context/cancel.hpp>
#include <gofer/sched/arm.hpp>

namespace gofer::inline v1 {
namespace context {

class TimedScope final : public Scope, private sched::Timer, private sched::Due {
public:
    TimedScope(Node* above, std::int64_t deadline) noexcept
        : Scope(above, deadline), Timer(&TimedScope::ring, true), Due(&TimedScope::time_is_over) {}

    void arm() { sched::arm(*this, deadline_ns); }
    /// The scope that the timer belongs to; null: it is of another kind.
    static TimedScope* of(sched::Timer& timer) noexcept {
        return timer.fire == &TimedScope::ring ? static_cast<TimedScope*>(&timer) : nullptr;
    }
    static void end(Scope& scope) noexcept { Wave::run(scope, {std::errc::timed_out, nullptr}); }

private:
    ~TimedScope() override {
        if (!fired()) disarm();
    }
    void disarm() noexcept override { static_cast<void>(sched::disarm(*this)); }

    static void ring(Timer& timer, sched::Woken& woken) noexcept {
        auto& self = static_cast<TimedScope&>(timer);
        if (self.try_retain()) woken.later(self);
    }
    static void time_is_over(Due& due) noexcept {
        Wave::run_on_loop(static_cast<TimedScope&>(due), {std::errc::timed_out, nullptr});
    }
};

/// Ends at `deadline`, nanoseconds of our clock; at once when that has passed.
inline WithCancel end_at(const Context& parent, std::int64_t deadline) {
    if (deadline == base::never || !Scope::is_first(parent.node(), deadline)) return with_cancel(parent);
    if (deadline > base::now_ns()) {
        auto* scope = new TimedScope(parent.node(), deadline);
        WithCancel result(scope); // before what may throw
        scope->arm();             // before the parent's end can reach it
        Wave::join(*scope);
        return result;
    }
    auto* scope = new Scope(parent.node(), deadline);
    Wave::join(*scope);
    TimedScope::end(*scope);
    return WithCancel(scope);
}

} // namespace context

/// A context that ends after that time (err() is std::errc::timed_out then), when `cancel` is called or destroyed,
/// or when `parent` ends, whichever comes first. Zero or less: it has ended. Go's context.WithTimeout.
template <class Rep, class Period>
WithCancel with_timeout(const Context& parent, std::chrono::duration<Rep, Period> d) {
    return context::end_at(parent, base::deadline_after(d));
}

/// The same at a time point of any clock, measured on ours from now on. Go's context.WithDeadline.
template <class C, class D>
WithCancel with_deadline(const Context& parent, std::chrono::time_point<C, D> tp) {
    return context::end_at(parent, base::deadline_at(tp));
}

} // namespace gofer::inline v1

// Unwinding at the end of a runtime: what throws it, and what keeps it off. Which goroutines are unwound, and how they
// come to run for it, stands in debug/unwind.hpp.
#pragma once

#include <gofer/error.hpp>
#include <gofer/sched/this_worker.hpp>

namespace gofer::inline v1::wait {

/// Throws Unwind in the calling goroutine.
[[noreturn, gnu::cold, gnu::noinline]] inline void unwind() {
    if (task::Goroutine* g = sched::this_goroutine_record()) {
        const base::EngineRegion engine;
        auto* w = static_cast<sched::Worker*>(g->worker);
        w->caught = w->exceptions->caught;
        g->must_unwind = 0;
        g->unwound = g->id;
    }
    throw Unwind{};
}

/// While it lives the goroutine is not unwound: abandoned where it blocks. For what must not be left by an exception
/// though it blocks: destructors, and calls that others rely on.
class HoldUnwind {
public:
    HoldUnwind() noexcept : HoldUnwind(sched::this_goroutine_record()) {}
    explicit HoldUnwind(task::Goroutine* g) noexcept : goroutine_(g) { count(1); }
    ~HoldUnwind() { count(-1); }
    HoldUnwind(const HoldUnwind&) = delete;
    HoldUnwind& operator=(const HoldUnwind&) = delete;

private:
    void count(int change) noexcept {
        const base::EngineRegion engine;
        if (goroutine_) goroutine_->holds += static_cast<unsigned>(change);
    }

    task::Goroutine* const goroutine_;
};

} // namespace gofer::inline v1::wait

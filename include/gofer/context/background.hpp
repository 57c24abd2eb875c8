// Context::background(): the context of a runtime. Made when someone first asks for it, kept by the scheduler as its
// companion, so that sched/ need not know contexts, and ended when the runtime's work is over.
#pragma once

#include <gofer/context/context.hpp>
#include <gofer/context/wave.hpp>

namespace gofer::inline v1 {
namespace context {

class Background final : public Scope, public sched::Companion {
public:
    /// Any number may ask at once.
    static Background& of(sched::Scheduler& s) {
        base::EngineRegion engine;
        sched::Companion* found = s.companion.load(std::memory_order_acquire);
        if (!found) found = install(s, new Background);
        return static_cast<Background&>(*found);
    }

private:
    Background() noexcept : Scope(nullptr), Companion{&Background::end_it, &Background::release_it} {}

    static sched::Companion* install(sched::Scheduler& s, Background* made) noexcept {
        sched::Companion* found = nullptr;
        if (!s.companion.compare_exchange_strong(found, made, std::memory_order_seq_cst)) {
            Node::release(made);
            return found;
        }
        if (s.ending.load(std::memory_order_seq_cst)) end_it(*made); // partner: Scheduler::end_companion
        return made;
    }
    static void end_it(Companion& self) noexcept { Wave::run(static_cast<Background&>(self), {}); }
    static void release_it(Companion& self) noexcept { Node::release(static_cast<Background*>(&self)); }
};

} // namespace context

inline Context Context::background() {
    sched::Scheduler* s = sched::this_scheduler(sched::this_worker());
    if (!s || s == sched::default_scheduler_slot().load(std::memory_order_acquire)) return {};
    context::Background& scope = context::Background::of(*s);
    scope.retain();
    return Context(&scope);
}

} // namespace gofer::inline v1

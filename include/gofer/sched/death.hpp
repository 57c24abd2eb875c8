// What is printed when a goroutine takes the process down: an uncaught exception, or a stack overflow.
#pragma once

#include <cstdint>

#include <gofer/base/separate.hpp>
#include <gofer/base/text.hpp>
#include <gofer/fiber/overflow.hpp>
#include <gofer/sched/this_worker.hpp>
#include <gofer/task/uncaught.hpp>

namespace gofer::inline v1::sched {

/// `goroutine 7 "reader"`.
[[gnu::cold, gnu::noinline]] inline void add_who(base::Text& text, std::uint64_t id, const char* name) noexcept {
    text.add("goroutine %llu", static_cast<unsigned long long>(id));
    if (*name) text.add(" \"%s\"", name);
}

/// `goroutine 7 "reader", started at main.cpp:12`. Allocates nothing.
class Identity {
public:
    [[gnu::cold, gnu::noinline]] explicit Identity(const Goroutine& g) noexcept {
        add_who(text_, g.id, g.extras ? g.extras->name.c_str() : "");
        const Place place = g.place();
        if (place.file)
            text_.add(", started at %s:%u", place.file, place.line);
        else
            text_.add(", started at %p", place.address);
    }
    const char* c_str() const noexcept { return text_.c_str(); }

private:
    base::TextOf<512> text_;
};

/// Before the process dies of it; while what is left of a runtime is unwound only the goroutine does.
inline void report_uncaught(const char* what) {
    const Goroutine* g = this_goroutine_record();
    base::say("gofer: an exception left %s\n  what(): %s\n", g ? Identity(*g).c_str() : "a goroutine", what);
    const Worker* w = this_worker();
    if (w && w->unwinds) return; // the process lives on, and may need them yet
    base::say_last_words();
}

/// In the signal handler, or when a goroutine parks and its canary is dead (systems without guard pages to spare).
[[noreturn]] void overflowed(const Goroutine& g) noexcept;
/// A goroutine parks or yields while it holds a CheckedMutex.
[[noreturn]] void left_with_lock(const Goroutine& g) noexcept;

#if GOFER_WITH_BODIES
[[noreturn]] GOFER_SEPARABLE void overflowed(const Goroutine& g) noexcept {
    base::fatal("goroutine stack overflow\n\n%s, used up its stack of %zu KB\n"
                "end the recursion, or give it more with GoOptions::stack_size or RuntimeOptions::stack_size",
                Identity(g).c_str(), task::stack_pools().usable(g.size_class) / 1024);
}

[[noreturn]] GOFER_SEPARABLE void left_with_lock(const Goroutine& g) noexcept {
    const task::HeldLock& held = *g.extras->held;
    const bool parks = g.state.load(std::memory_order_relaxed) == task::State::parked;
    base::fatal("gofer: %s, leaves its thread (%s) while it holds the CheckedMutex %p%s%s%s, made at %s:%u\n"
                "others that lock it would block their thread, and it could be unlocked on another one; unlock it before, "
                "or use gofer::Mutex",
                Identity(g).c_str(), parks ? task::describe(g.reason.load(std::memory_order_relaxed)) : "yield", held.mutex,
                *held.name ? " \"" : "", held.name, *held.name ? "\"" : "", held.place.file, held.place.line);
}
#endif

/// In the signal handler. The stacks' records stay where they are for ever, so they can be read.
inline void report_overflow(const void* address) {
    auto& pools = task::stack_pools();
    for (unsigned c = 0; c < task::StackPools::classes; ++c) {
        std::size_t index = 0;
        if (!pools.slab(c).find_guard(static_cast<const char*>(address), index)) continue;
        overflowed(*pools.record(c, index));
    }
}

inline void install_death_reports() noexcept {
    task::uncaught_reporter().store(&report_uncaught);
    task::over_for_this_goroutine().store([]() noexcept {
        const Worker* w = this_worker();
        return w && w->unwinds;
    });
    fiber::OverflowHandler::install(&report_overflow);
}

} // namespace gofer::inline v1::sched

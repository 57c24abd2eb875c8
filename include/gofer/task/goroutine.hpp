// A goroutine that has started: the record at the top of its stack. It is also the record of the stack itself, which
// outlives the goroutine and hosts the next one; `state` says whether someone lives here at the moment.
//
// Written by the goroutine itself and by whoever makes it runnable; read at any time, without a lock, by reports.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include <gofer/base/place.hpp>
#include <gofer/fiber/stack_pool.hpp>
#include <gofer/fiber/switch.hpp>
#include <gofer/task/locals.hpp>
#include <gofer/task/task.hpp>
#include <gofer/task/wait_reason.hpp>
#include <gofer/task/waker.hpp>

namespace gofer::inline v1::task {

enum class State : std::uint8_t { vacant, running, parked, runnable };

/// A lock of the system's that a goroutine holds and must not hold when it parks; lies in the lock.
struct HeldLock {
    const void* mutex = nullptr;
    const char* name = "";
    base::Place place;
    HeldLock* next = nullptr;
};

/// What few goroutines have: allocated when first needed, freed when the goroutine ends.
struct Extras {
    std::string name;
    Locals locals;
    Waker waker;
    HeldLock* held = nullptr; // the last one first; the goroutine's own
};

struct Goroutine : fiber::Fiber {
    std::atomic<State> state{State::vacant};
    std::atomic<WaitReason> reason{WaitReason::none};
    std::atomic<bool> lent{false};    // another thread is in its code (blocking.hpp)
    std::uint32_t line = 0;
    void* pinned_to = nullptr;        // the worker it stays on; written by itself. See asks_for_waker()
    std::uint64_t id = 0;
    void* home = nullptr;             // the scheduler it belongs to
    void* worker = nullptr;           // the worker it runs on now
    // Here ends the second line of the cache: a yield, or a wake-up, among thousands waits for these two and no other.
    const void* where = nullptr;
    unsigned pins = 0;
    const void* waits_on = nullptr;   // what it is parked on
    const void* episode = nullptr;    // the wait::Episode it is parked in
    std::atomic<std::int64_t> hog_until{0}; // it was found computing for long, and may be about to again
    Task* first_task = nullptr;       // a stack of its own: what to run on it
    Extras* extras = nullptr;
    base::SpinLock extras_lock;       // guards `extras` and the name in it, against reports
    AbandonHook* on_abandon = nullptr;
    unsigned holds = 0;               // calls within which nothing may be thrown into it; written by itself
    std::uint64_t must_unwind = 0;    // the id of the goroutine here whose yield is to throw
    std::uint64_t unwound = 0;        // of that whose wait was ended so, or whose yield has thrown

    base::Place place() const noexcept {
        return line ? base::Place{static_cast<const char*>(where), line, nullptr} : base::Place::at(where);
    }

    /// A new goroutine moves in. Legal from vacant only.
    void begin(std::uint64_t new_id, const Task& task) noexcept {
        id = new_id;
        where = task.where;
        line = task.line;
        if (task.options) [[unlikely]] adopt(task.options);
        hog_until.store(0, std::memory_order_relaxed); // whoever was here before is not known to be like this one
        state.store(State::running, std::memory_order_relaxed);
    }
    // For the goroutine itself, in the midst of the user's code. The record belongs to one goroutine after the other.
    Extras* own_extras() const noexcept {
        const base::EngineRegion engine;
        return extras;
    }
    Extras& need_extras() {
        const base::EngineRegion engine;
        if (!extras) set_extras(new Extras);
        return *extras;
    }
    void set_name(std::string name) {
        Extras& own = need_extras();
        const base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(extras_lock);
        own.name.swap(name);
    }

    /// What to do if it is abandoned from here on; null: nothing any more.
    void when_abandoned(AbandonHook* hook) noexcept {
        const base::EngineRegion engine;
        on_abandon = hook;
    }

    /// Destroys the GoroutineLocal values, as the goroutine's own last act. Their destructors may block.
    void end_locals() noexcept {
        if (Extras* own = own_extras()) [[unlikely]] own->locals.clear();
    }
    void end() noexcept {
        state.store(State::vacant, std::memory_order_relaxed);
        if (extras) [[unlikely]]
            delete set_extras(nullptr);
    }
    void parks(WaitReason why, const void* on, const void* wait) noexcept {
        reason.store(why, std::memory_order_relaxed);
        waits_on = on;
        episode = wait;
        state.store(State::parked, std::memory_order_relaxed);
    }
    /// It parks while the flight recorder is on: whoever wakes it is to leave its name. The wish stands in the lowest bit
    /// of `pinned_to`, so that whoever wakes a goroutine asks one question for both, as it does without a recorder.
    void asks_for_waker() noexcept {
        if (!extras) set_extras(new (std::nothrow) Extras);
        if (!extras) return;
        extras->waker = {};
        pinned_to = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(pinned_to) | 1);
    }
    /// For whoever wakes it and has found `pinned_to` set. True: it is pinned, and has to go to that worker.
    [[gnu::noinline, gnu::cold]] bool woken_by(const Waker& waker) noexcept {
        const auto bits = reinterpret_cast<std::uintptr_t>(pinned_to);
        if (bits & 1) {
            extras->waker = waker;
            pinned_to = reinterpret_cast<void*>(bits & ~std::uintptr_t{1});
        }
        return pinned_to != nullptr;
    }
    /// It gives others a turn, and waits for nothing.
    void yields() noexcept {
        reason.store(WaitReason::none, std::memory_order_relaxed);
        becomes_runnable();
    }
    void becomes_runnable() noexcept { state.store(State::runnable, std::memory_order_relaxed); }
    void resumes() noexcept { state.store(State::running, std::memory_order_relaxed); }

private:
    [[gnu::noinline]] void adopt(TaskOptions* options) {
        if (options->name.empty()) return;
        set_extras(new Extras{options->name, {}, {}, nullptr});
    }
    Extras* set_extras(Extras* replacement) noexcept {
        const std::lock_guard<base::SpinLock> guard(extras_lock);
        return std::exchange(extras, replacement);
    }
};

inline void when_abandoned(const Goroutine& g, AbandonHook* hook) noexcept {
    const_cast<Goroutine&>(g).when_abandoned(hook);
}

using StackPools = fiber::StackPools<Goroutine>;

/// Every stack of the process. Never destroyed.
[[gnu::visibility("default")]] inline StackPools& stack_pools() noexcept {
    static StackPools& pools = *new StackPools;
    return pools;
}

/// What a queue holds: a goroutine to resume or a task to start, told apart by the lowest bit.
class Runnable {
public:
    constexpr Runnable() noexcept = default;
    explicit Runnable(Goroutine* g) noexcept : bits_(reinterpret_cast<std::uintptr_t>(g)) {}
    explicit Runnable(Task* t) noexcept : bits_(reinterpret_cast<std::uintptr_t>(t) | 1) {}

    explicit operator bool() const noexcept { return bits_ != 0; }
    friend bool operator==(Runnable, Runnable) noexcept = default;
    bool is_task() const noexcept { return bits_ & 1; }
    Goroutine* goroutine() const noexcept { return reinterpret_cast<Goroutine*>(bits_); }
    Task* task() const noexcept { return reinterpret_cast<Task*>(bits_ & ~std::uintptr_t{1}); }

private:
    std::uintptr_t bits_ = 0;
};

} // namespace gofer::inline v1::task

// GoroutineLocal<T>: a variable of which each goroutine has its own, as thread_local is for threads. thread_local
// itself does not follow a goroutine to another thread.
//
// A goroutine's values hang on its record (task/locals.hpp), those of a plain thread on a thread_local that only
// this file knows. What is said of the end of a goroutine holds for a thread as for its thread_locals.
#pragma once

#include <atomic>
#include <memory>
#include <type_traits>
#include <utility>

#include <gofer/base/thread_exit.hpp>
#include <gofer/sched/this_worker.hpp>
#include <gofer/task/locals.hpp>

namespace gofer::inline v1 {
namespace locals {

[[gnu::visibility("default")]] inline constinit thread_local task::Locals* of_thread_slot = nullptr;

/// As this_worker(): the address must not outlive a call.
[[gnu::noinline, gnu::visibility("default")]] inline task::Locals*& of_thread() noexcept {
    task::Locals** slot = &of_thread_slot;
    asm volatile("" : "+r"(slot)::"memory");
    return *slot;
}

/// The values of the running goroutine or thread; null when it has none.
inline task::Locals* here() noexcept {
    const task::Goroutine* g = sched::this_identity();
    if (!g) return of_thread();
    task::Extras* own = g->own_extras();
    return own ? &own->locals : nullptr;
}

inline void end_thread(void* locals) noexcept {
    delete static_cast<task::Locals*>(locals);
    of_thread() = nullptr;
}

/// The same, made if need be. A value made by the destructor of a thread_local finds a new table, which ends in turn.
[[gnu::noinline]] inline task::Locals& make_here() {
    if (task::Goroutine* g = sched::this_identity()) return g->need_extras().locals;
    if (!of_thread()) {
        auto fresh = std::make_unique<task::Locals>();
        base::at_thread_exit(&end_thread, fresh.get());
        of_thread() = fresh.release();
    }
    return *of_thread();
}

template <class T>
struct Value final : task::LocalValue {
    union {
        T value;
    };
    bool alive = true;

    template <class Make>
    Value(task::LocalKey k, Make make) : LocalValue(k), value(make()) {}
    ~Value() override { end(); }
    void end() noexcept override {
        if (std::exchange(alive, false)) value.~T();
    }
};

/// Makes values; as std::function, but for a factory that can only be moved, and a T that cannot be.
template <class T>
struct Factory {
    virtual ~Factory() = default;
    virtual std::unique_ptr<Value<T>> make(task::LocalKey key) const = 0;
};

template <class T, class F>
struct FactoryOf final : Factory<T> {
    mutable F f;
    explicit FactoryOf(F&& factory) : f(std::move(factory)) {}
    std::unique_ptr<Value<T>> make(task::LocalKey key) const override {
        return std::make_unique<Value<T>>(key, [this]() -> T { return f(); });
    }
};

} // namespace locals

/// A variable of which each goroutine has its own value, made at its first use there, by T{} or by the factory. On
/// a plain thread it is that thread's own. Looking it up takes constant time and no lock; a goroutine that does not
/// use it pays nothing. Thread-safe but for construction and destruction; the factory may run in several goroutines
/// at once.
///
/// A goroutine's values are destroyed with it, after its closure and arguments, in it, and in the reverse order of
/// their making, before anybody learns of its end: its WaitGroup, Future or ErrGroup, and `run`. Their destructors
/// may use other GoroutineLocals: what is gone by then is made anew. Values of goroutines that are abandoned are
/// never touched again. When the variable itself is destroyed, the value of the goroutine that does so goes with
/// it, those of others no later than they.
///
///     gofer::GoroutineLocal<std::vector<char>> scratch{[] { return std::vector<char>(4096); }};
///     ...
///     scratch->at(0) = 'x';
template <class T>
class GoroutineLocal {
    static_assert(!std::is_reference_v<T> && !std::is_void_v<T>, "GoroutineLocal needs an object type");

public:
    using value_type = T;

    /// Costs nothing until it is used. A global may be used by other globals' constructors.
    constexpr GoroutineLocal() noexcept
        requires std::is_default_constructible_v<T>
    = default;

    /// `factory` takes nothing and returns the T. What it throws leaves the call that wanted the value, and the
    /// next one tries again. It may block, and may use other GoroutineLocals.
    template <class F>
        requires std::is_invocable_r_v<T, std::decay_t<F>&>
    explicit GoroutineLocal(F&& factory)
        : factory_(new locals::FactoryOf<T, std::decay_t<F>>(std::decay_t<F>(std::forward<F>(factory)))) {}

    GoroutineLocal(const GoroutineLocal&) = delete;
    GoroutineLocal& operator=(const GoroutineLocal&) = delete;
    ~GoroutineLocal() {
        const task::LocalKey key{key_.load(std::memory_order_relaxed)};
        if (key == task::LocalKey{}) return;
        if (task::Locals* here = locals::here()) here->erase(key);
        task::LocalKeys::instance().give_back(key);
    }

    /// The calling goroutine's value. It stays where it is, also when the goroutine goes on on another thread.
    /// Throws what making it throws, and std::bad_alloc.
    T& get() const {
        const task::LocalKey key{key_.load(std::memory_order_relaxed)};
        if (task::Locals* here = locals::here()) [[likely]]
            if (task::LocalValue* found = here->find(key)) return static_cast<locals::Value<T>*>(found)->value;
        return make();
    }
    T& operator*() const { return get(); }
    T* operator->() const { return std::addressof(get()); }

private:
    [[gnu::noinline]] T& make() const {
        const task::LocalKey key = own_key();
        auto fresh = factory_ ? factory_->make(key) : make_default(key);
        task::Locals& here = locals::make_here(); // only now: the factory may have blocked
        here.make_room(key);
        if (task::LocalValue* found = here.find(key)) // the factory, or a destructor, has used this variable itself
            return static_cast<locals::Value<T>*>(found)->value;
        T& value = fresh->value;
        here.insert(std::move(fresh));
        return value;
    }

    static std::unique_ptr<locals::Value<T>> make_default(task::LocalKey key) {
        if constexpr (std::is_default_constructible_v<T>)
            return std::make_unique<locals::Value<T>>(key, [] { return T{}; });
        else
            return nullptr;
    }

    task::LocalKey own_key() const {
        std::uint64_t seen = key_.load(std::memory_order_relaxed);
        if (seen) return {seen};
        const task::LocalKey fresh = task::LocalKeys::instance().take();
        if (key_.compare_exchange_strong(seen, fresh.bits, std::memory_order_relaxed)) return fresh;
        task::LocalKeys::instance().give_back(fresh);
        return {seen};
    }

    mutable std::atomic<std::uint64_t> key_{0};
    std::unique_ptr<const locals::Factory<T>> factory_;
};

} // namespace gofer::inline v1

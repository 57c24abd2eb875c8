// CheckedMutex: a lock of the system's that tells when a goroutine parks while it holds it.
//
// In a debug build the mutex keeps a link in a list of its goroutine's, and calls for the attention of its worker's
// loop. So the goroutine, whenever it leaves the worker next, leaves by way of the loop, where the list is looked at
// (leave_for_loop() in sched/suspend.hpp). Only that loop takes the call back, and it does not run before. The way from one
// goroutine straight to the next asks nothing. Whether it checks is part of the type: files with and without NDEBUG do not
// mix it up.
#pragma once

#include <mutex>
#include <type_traits>

#include <gofer/base/place.hpp>
#include <gofer/sched/this_worker.hpp>

namespace gofer::inline v1 {
namespace sync {

/// The link of one checked mutex, while a goroutine holds it.
class HeldLink : task::HeldLock {
public:
    constexpr HeldLink(const void* of, const char* called, Place made) noexcept : HeldLock{of, called, made, nullptr} {}
    HeldLink(const HeldLink&) = delete;
    HeldLink& operator=(const HeldLink&) = delete;

    void locked() {
        sched::Worker* w = sched::this_worker();
        task::Goroutine* g = w ? static_cast<task::Goroutine*>(w->current) : nullptr;
        if (!g) return;
        task::Extras& extras = g->need_extras();
        const base::EngineRegion engine;
        next = extras.held;
        extras.held = this;
        w->attention.store(true, std::memory_order_relaxed);
    }
    void unlocks() noexcept {
        const task::Goroutine* g = sched::this_goroutine_record();
        task::Extras* extras = g ? g->own_extras() : nullptr;
        const base::EngineRegion engine;
        task::HeldLock** link = extras ? &extras->held : nullptr;
        while (link && *link && *link != this) link = &(*link)->next;
        if (link && *link) *link = next;
    }
};

/// In place of it where nothing is checked.
struct NoLink {
    constexpr NoLink(const void*, const char*, Place) noexcept {}
    static void locked() noexcept {}
    static void unlocks() noexcept {}
};

} // namespace sync

/// A mutex of the system's, M (std::mutex, std::timed_mutex; no recursive one), for data that goroutines share with
/// code that knows only such. A goroutine must not park while it holds one: others that lock it would block their
/// threads, and it might be unlocked on another thread. Where NDEBUG is not defined that is a fatal error, which names the
/// goroutine, what it parks for, and the mutex: its name, if it was given one, and the line that made it. Else it is M
/// and nothing more. Lockable as M is, with std::lock_guard and its kin.
template <class M = std::mutex,
#ifdef NDEBUG
          bool checks = false
#else
          bool checks = true
#endif
          >
class CheckedMutex {
public:
    constexpr CheckedMutex(Place place = Place::here()) noexcept(std::is_nothrow_default_constructible_v<M>) // NOLINT
        : CheckedMutex("", place) {}
    constexpr explicit CheckedMutex(const char* name, Place place = Place::here()) noexcept(
        std::is_nothrow_default_constructible_v<M>)
        : link_(this, name, place) {}
    CheckedMutex(const CheckedMutex&) = delete;
    CheckedMutex& operator=(const CheckedMutex&) = delete;

    /// Blocks the thread.
    void lock() {
        mutex_.lock();
        note();
    }
    [[nodiscard]] bool try_lock() {
        if (!mutex_.try_lock()) return false;
        note();
        return true;
    }
    template <class Duration>
    [[nodiscard]] bool try_lock_for(const Duration& d)
        requires requires(M& m) { m.try_lock_for(d); }
    {
        if (!mutex_.try_lock_for(d)) return false;
        note();
        return true;
    }
    template <class TimePoint>
    [[nodiscard]] bool try_lock_until(const TimePoint& tp)
        requires requires(M& m) { m.try_lock_until(tp); }
    {
        if (!mutex_.try_lock_until(tp)) return false;
        note();
        return true;
    }
    void unlock() {
        link_.unlocks();
        mutex_.unlock();
    }

private:
    using Link = std::conditional_t<checks, sync::HeldLink, sync::NoLink>;

    void note() {
        if constexpr (checks) {
            try {
                link_.locked();
            } catch (...) { // no memory for the note
                mutex_.unlock();
                throw;
            }
        }
    }

    M mutex_;
    [[no_unique_address]] Link link_;
};

} // namespace gofer::inline v1

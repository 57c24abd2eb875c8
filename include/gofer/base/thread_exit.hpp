// What is called when the calling thread ends, without a thread_local whose address a compiler might keep; and what keeps
// the code of a thread loaded.
#pragma once

#include <atomic>
#include <cstdint>
#include <cxxabi.h>
#include <memory>
#include <thread>
#include <unistd.h>

#include <gofer/base/futex.hpp>
#include <gofer/base/now.hpp>

// Of the shared object this code is in: what keeps it loaded until its threads have ended. Not extern "C", since gcc
// declares it by itself, as a C++ variable, where a thread_local has a destructor.
[[gnu::visibility("hidden")]] extern void* __dso_handle;

namespace gofer::inline v1::base {

/// Calls f(argument) when the calling thread ends, in turn with the destructors of its thread_locals.
inline void at_thread_exit(void (*f)(void*), void* argument) noexcept {
    abi::__cxa_thread_atexit(f, argument, &__dso_handle);
}

/// As long as the calling thread is there, dlclose does not unload the shared object that this code is in.
inline void stay_loaded() noexcept {
    at_thread_exit([](void*) {}, nullptr);
}

/// Between the start of a thread and its first steps: who has started it does not end before it keeps the code loaded
/// by itself. Both of them hold this.
class FirstSteps {
public:
    void taken() noexcept {
        taken_.store(1, std::memory_order_release);
        futex_wake(&taken_);
        drop();
    }

    /// When the thread that started the other ends. Nothing is unloaded any more where that is the main thread. In a child
    /// of fork there is no other thread. Ten seconds: exit() may be called by the constructor of a shared object, and what
    /// loads it holds a lock that the other thread needs for its first steps.
    static void await(void* self) noexcept {
        auto& steps = *static_cast<FirstSteps*>(self);
        if (steps.process_ != ::getpid()) return delete &steps;
        const std::int64_t deadline = now_ns() + (steps.process_ == ::gettid() ? 0 : 10'000'000'000);
        while (!steps.taken_.load(std::memory_order_acquire) && futex_wait_until(steps.taken_, 0, deadline)) {
        }
        steps.drop();
    }

private:
    void drop() noexcept {
        if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    FutexWord taken_{0};
    std::atomic<int> holders_{2};
    const pid_t process_ = ::getpid();
};

/// Calls f on a thread that nobody ends, and whose code is to stay. Throws std::system_error when the system gives no
/// thread, and std::bad_alloc.
template <class F>
void start_for_good(F f) {
    auto steps = std::make_unique<FirstSteps>();
    std::thread([f, first = steps.get()] {
        stay_loaded();
        first->taken();
        f();
    }).detach();
    at_thread_exit(&FirstSteps::await, steps.release());
}

} // namespace gofer::inline v1::base

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

/// Until a new thread keeps the code loaded by itself, the one that has started it does: it does not end before `taken`,
/// a FutexWord, is set, and deletes it. It does not wait where it is the main thread, at whose end nothing is unloaded any
/// more, and which a child of fork has, too, without the other one; and for ten seconds at most, since exit() may be
/// called by the constructor of a shared object, and what loads it holds a lock that the other thread needs.
inline void await_first_steps(void* taken) noexcept {
    auto* word = static_cast<FutexWord*>(taken);
    const std::int64_t deadline = now_ns() + (::gettid() == ::getpid() ? 0 : 10'000'000'000);
    while (!word->load(std::memory_order_acquire)) // partner: start_for_good
        if (!futex_wait_until(*word, 0, deadline)) return; // the other thread will set it yet
    delete word;
}

/// Calls f on a thread that nobody ends, and whose code is to stay. Throws std::system_error when the system gives no
/// thread, and std::bad_alloc.
template <class F>
void start_for_good(F f) {
    auto first_steps = std::make_unique<FutexWord>(0);
    std::thread([f, taken = first_steps.get()] {
        stay_loaded();
        taken->store(1, std::memory_order_release); // partner: await_first_steps
        futex_wake(taken);
        f();
    }).detach();
    at_thread_exit(await_first_steps, first_steps.release());
}

} // namespace gofer::inline v1::base

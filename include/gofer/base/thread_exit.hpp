// What is called when the calling thread ends, without a thread_local whose address a compiler might keep.
#pragma once

#include <cxxabi.h>
#include <thread>

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

/// Calls f on a thread that nobody ends, and whose code is to stay. Throws std::system_error when the system gives no thread.
template <class F>
void start_for_good(F f) {
    stay_loaded(); // until the new thread has said so
    std::thread([f] {
        stay_loaded();
        f();
    }).detach();
}

} // namespace gofer::inline v1::base

// What is called when the calling thread ends, without a thread_local whose address a compiler might keep.
#pragma once

#include <cxxabi.h>

// Of the shared object this code is in: what keeps it loaded until its threads have ended. Not extern "C", since gcc
// declares it by itself, as a C++ variable, where a thread_local has a destructor.
[[gnu::visibility("hidden")]] extern void* __dso_handle;

namespace gofer::inline v1::base {

/// Calls f(argument) when the calling thread ends, in turn with the destructors of its thread_locals.
inline void at_thread_exit(void (*f)(void*), void* argument) noexcept {
    abi::__cxa_thread_atexit(f, argument, &__dso_handle);
}

/// As long as the calling thread is there, dlclose does not unload the shared object that this code is in. For whoever runs,
/// or starts, a thread that nobody ends.
inline void stay_loaded() noexcept {
    at_thread_exit([](void*) {}, nullptr);
}

} // namespace gofer::inline v1::base

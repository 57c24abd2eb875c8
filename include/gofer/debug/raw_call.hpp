// A system call whose error is what it returns (-EPERM, say), and which touches no errno: for who has none of its own,
// like a child that runs on another thread's thread-local memory (standstill.hpp). Nothing that a sanitizer intercepts.
#pragma once

#include <cerrno>
#include <sys/syscall.h>
#include <type_traits>
#include <unistd.h>

#if defined(GOFER_TSAN) && defined(__clang__)
#define GOFER_ON_FOREIGN_STACK __attribute__((disable_sanitizer_instrumentation))
#else
#define GOFER_ON_FOREIGN_STACK __attribute__((no_sanitize("address", "thread", "undefined")))
#endif

namespace gofer::inline v1::debug {

#if defined(__x86_64__)
GOFER_ON_FOREIGN_STACK inline long raw_call_of_words(long number, long a, long b, long c, long d) noexcept {
    long result = number;
    register long fourth asm("r10") = d;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(a), "S"(b), "d"(c), "r"(fourth)
                 : "rcx", "r11", "memory", "cc");
    return result;
}
#elif defined(__aarch64__)
GOFER_ON_FOREIGN_STACK inline long raw_call_of_words(long number, long a, long b, long c, long d) noexcept {
    register long which asm("x8") = number;
    register long first asm("x0") = a;
    register long second asm("x1") = b;
    register long third asm("x2") = c;
    register long fourth asm("x3") = d;
    asm volatile("svc 0" : "+r"(first) : "r"(which), "r"(second), "r"(third), "r"(fourth) : "memory", "cc");
    return first;
}
#else
// There errno is shared with whoever it is borrowed from, and an error may be taken for another one.
GOFER_ON_FOREIGN_STACK inline long raw_call_of_words(long number, long a, long b, long c, long d) noexcept {
    const long result = ::syscall(number, a, b, c, d);
    return result < 0 ? -long{errno} : result;
}
#endif

template <class T>
GOFER_ON_FOREIGN_STACK inline long word_of_argument(T value) noexcept {
    if constexpr (std::is_pointer_v<T>)
        return reinterpret_cast<long>(value);
    else
        return static_cast<long>(value);
}

/// Of up to four arguments, numbers and pointers.
template <class A = long, class B = long, class C = long, class D = long>
GOFER_ON_FOREIGN_STACK inline long raw_call(long number, A a = 0, B b = 0, C c = 0, D d = 0) noexcept {
    return raw_call_of_words(number, word_of_argument(a), word_of_argument(b), word_of_argument(c),
                             word_of_argument(d));
}

} // namespace gofer::inline v1::debug

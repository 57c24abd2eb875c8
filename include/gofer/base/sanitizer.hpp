// What ThreadSanitizer, AddressSanitizer and valgrind have to be told; empty in every other build.
//
// Valgrind needs to know which memory is a stack: without that it takes a switch for one frame of many megabytes, and
// callgrind's costs a function and memcheck's findings are wrong. No compiler says that a program will run under it, so
// the program says so itself: define GOFER_VALGRIND (everywhere) where valgrind's headers are installed.
//
// TSan: the engine's own bookkeeping (queues, wait lists, stacks) is guarded by locks that are released on the
// other side of a context switch, by another goroutine. Seen through TSan's eyes those would be edges between
// goroutines that never met, and would hide the user's races. So engine code runs inside an EngineRegion, where
// TSan looks at neither accesses nor atomics, and each edge that Go's memory model promises is given by hand with
// tsan_release/tsan_acquire. Code of the user that has to run inside (a move of a T) is wrapped in UserCode.
#pragma once

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GOFER_TSAN 1
#endif
#if __has_feature(address_sanitizer)
#define GOFER_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define GOFER_TSAN 1
#endif
#if defined(__SANITIZE_ADDRESS__)
#define GOFER_ASAN 1
#endif

#if defined(GOFER_VALGRIND)
#include <valgrind/valgrind.h>
#endif
#if defined(GOFER_TSAN)
#include <sanitizer/tsan_interface.h>
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreSyncBegin(const char* file, int line);
void AnnotateIgnoreSyncEnd(const char* file, int line);
void AnnotateBenignRaceSized(const char* file, int line, const volatile void* at, unsigned long size, const char* why);
}
#endif

// A function that is entered under one TSan identity and left under another must not be instrumented: the entry
// would be pushed on one shadow stack and popped from another.
#if defined(GOFER_TSAN) && defined(__clang__)
#define GOFER_UNINSTRUMENTED __attribute__((disable_sanitizer_instrumentation, noinline))
#elif defined(GOFER_TSAN)
#define GOFER_UNINSTRUMENTED __attribute__((no_sanitize("thread"), noinline))
#else
#define GOFER_UNINSTRUMENTED
#endif

// What leads to such an entry is part of the function that parks (fiber/jump.hpp says why); not where a sanitizer is, since
// TSan must not see it, and clang's ASan watches the frames of no function that has assembly in it.
#if defined(GOFER_TSAN)
#define GOFER_SWITCHES GOFER_UNINSTRUMENTED
#elif defined(GOFER_ASAN)
#define GOFER_SWITCHES [[gnu::noinline]]
#else
#define GOFER_SWITCHES [[gnu::always_inline]]
#endif

// A function that reads whatever stands on a stack, red zones too.
#define GOFER_READS_STACKS __attribute__((no_sanitize("address")))

namespace gofer::inline v1::base {

#if defined(GOFER_TSAN)
inline constexpr bool tsan_build = true;
#else
inline constexpr bool tsan_build = false;
#endif
#if defined(GOFER_ASAN)
inline constexpr bool asan_build = true;
#else
inline constexpr bool asan_build = false;
#endif
/// Sanitizers enlarge every frame, so stacks are reserved larger by this factor.
inline constexpr unsigned stack_scale = (tsan_build || asan_build) ? 4 : 1;

/// This memory is a stack from now on, until the end of the process.
inline void tell_valgrind_of_stack([[maybe_unused]] char* bottom, [[maybe_unused]] char* top) noexcept {
#if defined(GOFER_VALGRIND)
    static_cast<void>(VALGRIND_STACK_REGISTER(bottom, top));
#endif
}

/// What has happened here happens before whoever calls tsan_acquire on the same address afterwards.
inline void tsan_release([[maybe_unused]] const void* address) noexcept {
#if defined(GOFER_TSAN)
    __tsan_release(const_cast<void*>(address));
#endif
}

inline void tsan_acquire([[maybe_unused]] const void* address) noexcept {
#if defined(GOFER_TSAN)
    __tsan_acquire(const_cast<void*>(address));
#endif
}

/// What belongs to the thread (errno) is touched by one goroutine after the other without an edge.
inline void tsan_belongs_to_thread([[maybe_unused]] const volatile void* at, [[maybe_unused]] unsigned long size) noexcept {
#if defined(GOFER_TSAN)
    AnnotateBenignRaceSized(__FILE__, __LINE__, at, size, "belongs to the thread, not to the goroutine");
#endif
}

inline void tsan_ignore_begin() noexcept {
#if defined(GOFER_TSAN)
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreSyncBegin(__FILE__, __LINE__);
#endif
}

inline void tsan_ignore_end() noexcept {
#if defined(GOFER_TSAN)
    AnnotateIgnoreSyncEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
#endif
}

/// Engine bookkeeping until the end of the scope: invisible to TSan.
struct EngineRegion {
    EngineRegion() noexcept { tsan_ignore_begin(); }
    ~EngineRegion() { tsan_ignore_end(); }
    EngineRegion(const EngineRegion&) = delete;
    EngineRegion& operator=(const EngineRegion&) = delete;
};

/// The user's code inside an EngineRegion: visible to TSan again until the end of the scope.
struct UserCode {
    UserCode() noexcept { tsan_ignore_end(); }
    ~UserCode() { tsan_ignore_begin(); }
    UserCode(const UserCode&) = delete;
    UserCode& operator=(const UserCode&) = delete;
};

/// Edges given from inside an EngineRegion (they are ignored there, so the region is left for a moment).
inline void engine_release(const void* address) noexcept {
    if constexpr (tsan_build) {
        UserCode visible;
        tsan_release(address);
    }
}

inline void engine_acquire(const void* address) noexcept {
    if constexpr (tsan_build) {
        UserCode visible;
        tsan_acquire(address);
    }
}

} // namespace gofer::inline v1::base

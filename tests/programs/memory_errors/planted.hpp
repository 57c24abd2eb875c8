// The errors, each in a function of its own that the reports name.
#pragma once

#include <cstddef>
#include <memory>

#include "../../support/hop.hpp"
#include "../support/scenario.hpp"

namespace memory_errors {

/// Hides from compiler and UBSan where the pointer comes from: the error is AddressSanitizer's to find.
inline volatile char* unknown(volatile char* p) {
    asm volatile("" : "+r"(p)::"memory");
    return p;
}

/// Index 10 is the error.
[[gnu::noinline]] inline void write_to_array(std::size_t index, bool moves) {
    char array[10] = {};
    if (moves) fixture::hop();
    unknown(array)[index] = 1;
}

[[gnu::noinline]] inline void use_after_scope(bool wrong, bool moves) {
    volatile int fine = 0;
    volatile int* p = &fine;
    {
        volatile int inner = 1;
        if (wrong) p = &inner;
        asm volatile("" : "+r"(p) : "r"(&inner) : "memory");
    }
    if (moves) fixture::hop();
    *p = 2;
}

[[gnu::noinline]] inline void keep(int** kept, int* address) {
    asm volatile("" : "+r"(address)::"memory");
    *kept = address;
}
/// No assembly in here: clang does not watch the frames of functions that have some.
[[gnu::noinline]] inline int* kept_address(bool wrong, int* fine) {
    int local = 1;
    int* kept = nullptr;
    keep(&kept, wrong ? &local : fine);
    return kept;
}

[[gnu::noinline]] inline void use_after_return(bool wrong, bool moves) {
    int fine = 0;
    volatile int* p = kept_address(wrong, &fine);
    if (moves) fixture::hop();
    *p = 2;
}

/// One goroutine frees what another one uses.
[[gnu::noinline]] inline void use_after_free(bool wrong, bool moves) {
    auto owned = std::make_unique<int>(1);
    volatile int* p = owned.get();
    const gofer::Channel<std::unique_ptr<int>> c;
    gofer::WaitGroup receiver;
    receiver.go([c] { c.receive(); });
    if (wrong) c.send(std::move(owned));
    if (moves) fixture::hop();
    if (wrong) receiver.wait();
    *p = 2;
    if (!wrong) c.send(std::move(owned));
    receiver.wait();
}

} // namespace memory_errors

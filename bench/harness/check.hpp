// A fast wrong answer is no figure: every row checks what it computed, and a wrong result ends the program.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>

namespace bench {

template <class T>
void check(const char* what, const T& got, const T& want) {
    if (got == want) {
        return;
    }
    std::cerr << "wrong result: " << what << " is " << got << ", not " << want << std::endl;
    std::_Exit(EXIT_FAILURE); // no destructors: goroutines may still be running
}

/// The sum of 0, 1, ... n - 1.
constexpr std::int64_t sum_below(std::int64_t n) { return n * (n - 1) / 2; }

} // namespace bench

// How one rounds is one's own: a goroutine that has changed it, and parks or ends so, hands it on to nobody.
#include <cfenv>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

#if defined(__x86_64__) // elsewhere Boost.Context does not take the mode along
#include <xmmintrin.h>

TEST_CASE("a goroutine starts with the rounding of its thread, whoever has parked with another one") {
    fixture::at_each_worker_count([] {
        const int usual = std::fegetround();
        gofer::Channel<gofer::Unit> go_on;
        gofer::WaitGroup all;
        for (int i = 0; i < 50; ++i)
            all.go([go_on, usual] {
                VERIFY(std::fegetround() == usual);
                std::fesetround(FE_UPWARD);
                go_on.receive(); // the next one is started by a loop that is made here
                VERIFY(std::fegetround() == FE_UPWARD);
                std::fesetround(usual);
            });
        fixture::parked_reaches(50);
        go_on.close();
        all.wait();
    });
}

TEST_CASE("a goroutine starts with the rounding of its thread, whoever has ended with another one") {
    fixture::at_each_worker_count([] {
        const int usual = std::fegetround();
        const unsigned usual_control = _mm_getcsr() & ~_MM_EXCEPT_MASK;
        gofer::WaitGroup all;
        for (int i = 0; i < 300; ++i)
            all.go([usual, usual_control, i] {
                VERIFY(std::fegetround() == usual);
                VERIFY((_mm_getcsr() & ~_MM_EXCEPT_MASK) == usual_control);
                if (i % 3 == 0) _mm_setcsr(_mm_getcsr() | _MM_FLUSH_ZERO_ON);
                if (i % 3 == 1) std::fesetround(FE_UPWARD);
                if (i % 2 == 0) gofer::yield();
            });
        all.wait();
        VERIFY(std::fegetround() == usual);
    });
}

#endif

// How one rounds is one's own: a goroutine that has changed it, and parks or ends so, hands it on to nobody.
#include <cfenv>
#include <cstdint>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

#if defined(__x86_64__) // elsewhere Boost.Context does not take the mode along
#include <xmmintrin.h>

namespace {

unsigned x87_control() {
    std::uint16_t word = 0;
    asm volatile("fnstcw %0" : "=m"(word));
    return word;
}
void set_x87_control(unsigned control) {
    const auto word = static_cast<std::uint16_t>(control);
    asm volatile("fldcw %0" : : "m"(word));
}

} // namespace

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

// The x87 unit has a control word of its own, which long double goes by.
TEST_CASE("a goroutine keeps the precision of its long doubles when it parks, and hands it on to nobody") {
    fixture::at_each_worker_count([] {
        const unsigned usual = x87_control();
        const gofer::Channel<gofer::Unit> there, back;
        gofer::WaitGroup all;
        all.go([=] {
            set_x87_control(usual & ~0x300u); // 24 bits
            for (int i = 0; i < 100; ++i) {
                there.send({});
                back.receive();
                VERIFY(x87_control() == (usual & ~0x300u));
            }
            set_x87_control(usual);
        });
        all.go([=] {
            for (int i = 0; i < 100; ++i) {
                there.receive();
                VERIFY(x87_control() == usual);
                back.send({});
            }
        });
        all.wait();
    });
}

TEST_CASE("a goroutine finds the floating-point exceptions it has raised when it has parked") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<gofer::Unit> there, back;
        gofer::WaitGroup all;
        all.go([=] {
            for (int i = 0; i < 100; ++i) {
                _mm_setcsr((_mm_getcsr() & ~_MM_EXCEPT_MASK) | (i % 2 ? _MM_EXCEPT_OVERFLOW : 0));
                there.send({});
                back.receive();
                VERIFY((_mm_getcsr() & _MM_EXCEPT_MASK) == (i % 2 ? _MM_EXCEPT_OVERFLOW : 0));
            }
        });
        all.go([=] {
            for (int i = 0; i < 100; ++i) {
                there.receive();
                _mm_setcsr(_mm_getcsr() | _MM_EXCEPT_DIV_ZERO);
                back.send({});
            }
        });
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

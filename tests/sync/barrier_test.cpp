// Barrier: nobody passes before all have arrived, round after round.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <new>
#include <stdexcept>
#include <sys/mman.h>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("nobody passes a barrier before the last has arrived") {
    fixture::at_each_worker_count([] {
        gofer::Barrier barrier{4};
        std::atomic<int> passed{0};
        gofer::WaitGroup wg;
        for (int i = 0; i < 3; ++i) {
            wg.go([&] {
                barrier.arrive_and_wait();
                ++passed;
            });
        }
        fixture::parked_reaches(3);
        VERIFY(passed == 0);
        barrier.arrive_and_wait();
        wg.wait();
        VERIFY(passed == 3);
    });
}

TEST_CASE("a barrier is used again, round after round, and nobody is a round ahead") {
    fixture::at_each_worker_count([] {
        constexpr int parties = 5, rounds = 100;
        gofer::Barrier barrier{parties};
        int work[parties] = {};
        gofer::WaitGroup wg;
        for (int me = 0; me < parties; ++me) {
            wg.go([&, me] {
                for (int round = 1; round <= rounds; ++round) {
                    work[me] = round;
                    barrier.arrive_and_wait();
                    for (const int done : work) VERIFY(done == round);
                    barrier.arrive_and_wait();
                }
            });
        }
        wg.wait();
    });
}

TEST_CASE("a barrier for one holds up nobody") {
    gofer::Barrier barrier{1};
    barrier.arrive_and_wait();
    barrier.arrive_and_wait();
    CHECK(barrier.arrive_and_wait_for(-1s));
}

TEST_CASE("a barrier for nobody is refused") {
    CHECK_THROWS_AS(gofer::Barrier{0}, std::invalid_argument);
    CHECK_THROWS_AS(gofer::Barrier{-1}, std::invalid_argument);
}

TEST_CASE("a timed arrival that gives up is taken back") {
    fixture::at_each_worker_count([] {
        gofer::Barrier barrier{2};
        const auto start = gofer::Clock::now();
        VERIFY(!barrier.arrive_and_wait_for(0s));
        VERIFY(!barrier.arrive_and_wait_for(1ms));
        VERIFY(!barrier.arrive_and_wait_until(start + 2ms));
        VERIFY(gofer::Clock::now() - start >= 2ms);
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(barrier.arrive_and_wait_for(1h)); });
        fixture::parked_reaches(1);
        barrier.arrive_and_wait();
        wg.wait();
    });
}

TEST_CASE("either all pass or none, also when a deadline races with the last arrival") {
    fixture::at_each_worker_count([] {
        int passed = 0;
        for (int round = 0; round < 400; ++round) {
            gofer::Barrier barrier{2};
            bool left = false, right = false;
            gofer::WaitGroup wg;
            wg.go([&] { left = barrier.arrive_and_wait_for(std::chrono::microseconds{round % 40}); });
            wg.go([&] { right = barrier.arrive_and_wait_for(std::chrono::microseconds{20}); });
            wg.wait();
            VERIFY(left == right);
            passed += left;
        }
        VERIFY(passed >= 0);
    });
}

TEST_CASE("a barrier may be destroyed by whoever passes it") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 300; ++i) {
            auto barrier = std::make_unique<gofer::Barrier>(2);
            gofer::go([b = barrier.get()] { b->arrive_and_wait(); });
            barrier->arrive_and_wait();
            barrier.reset();
        }
    });
}

// It has come to its end already when it is counted, and runs only when the barrier is gone.
TEST_CASE("one that is counted at its deadline does not touch the barrier, which may be gone") {
    const auto death = fixture::death_of([] {
        gofer::run(fixture::with_workers(1), [] {
            for (bool counted = false; !counted;) { // unless somebody else runs it first, and it takes back its arrival
                constexpr int own = MAP_PRIVATE | MAP_ANONYMOUS;
                void* page = ::mmap(nullptr, sizeof(gofer::Barrier), PROT_READ | PROT_WRITE, own, -1, 0);
                auto* barrier = new (page) gofer::Barrier{2};
                auto [ctx, cancel] = gofer::with_cancel(gofer::Context::background());
                std::atomic<bool> passed{false};
                gofer::WaitGroup wg;
                wg.go([&, ctx = ctx] { passed = barrier->arrive_and_wait(ctx); });
                fixture::parked_reaches(1);
                cancel();
                counted = barrier->arrive_and_wait_for(std::chrono::seconds{0});
                if (counted) ::mprotect(page, sizeof(gofer::Barrier), PROT_NONE);
                wg.wait();
                VERIFY(passed == counted);
                ::munmap(page, sizeof(gofer::Barrier));
            }
        });
        fixture::require_no_failures();
        std::fputs("it has passed", stderr);
    });
    CHECK(death.says("it has passed"));
}

TEST_CASE("whoever passes a barrier may destroy it, also when the other one's deadline is over at that moment") {
    fixture::at_each_worker_count([] {
        for (int round = 0; round < 400; ++round) {
            auto* barrier = new gofer::Barrier{2};
            std::atomic<int> passed{0};
            const auto arrive = [&](std::chrono::microseconds limit) {
                if (barrier->arrive_and_wait_for(limit) && passed++ == 0) delete barrier;
            };
            gofer::WaitGroup wg;
            wg.go([&] { arrive(std::chrono::microseconds{round % 40}); });
            wg.go([&] { arrive(std::chrono::microseconds{20}); });
            wg.wait();
            VERIFY(passed == 0 || passed == 2);
            if (passed == 0) delete barrier;
        }
    });
}

TEST_CASE("plain threads and goroutines meet at one barrier") {
    fixture::on_a_plain_thread([] {
        gofer::Barrier barrier{5};
        std::atomic<int> before{0};
        const auto body = [&] {
            for (int round = 1; round <= 50; ++round) {
                ++before;
                barrier.arrive_and_wait();
                VERIFY(before == round * 5);
                barrier.arrive_and_wait();
            }
        };
        gofer::WaitGroup wg;
        wg.go(body);
        wg.go(body);
        std::thread one{body}, two{body};
        body();
        one.join();
        two.join();
        wg.wait();
    });
}

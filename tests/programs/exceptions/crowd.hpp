// Ten thousand goroutines at once, each of which parks in a delicate place and goes on, most of them on another thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <sys/types.h>

#include "../../support/hop.hpp"
#include "../support/scenario.hpp"

namespace exceptions {

/// To TSan each goroutine is a thread, and it allows 8,128 of them; to ASan each needs a fake stack.
inline constexpr int crowd_size = gofer::base::tsan_build || gofer::base::asan_build ? 1'000 : 10'000;

class Crowd {
public:
    /// Parks until the whole crowd has come to this place, then goes on until the thread is another one (or the tries
    /// are used up, and enough others have moved).
    void wait_here_and_move() {
        const pid_t before = fixture::thread_now();
        gate_.receive();
        for (int tries = 0; tries < 100 && fixture::thread_now() == before; ++tries) gofer::yield();
        while (fixture::thread_now() == before && more_have_to_move()) meet(before);
        if (fixture::thread_now() != before) moved_.fetch_add(1, std::memory_order_relaxed);
    }

    /// Runs body(crowd, number) in the whole crowd, at that setting; a good part of it has to have moved.
    template <class Body>
    static void run(const programs::Setting& s, Body body) {
        Crowd crowd{s.workers};
        gofer::run(s.options(), [&] {
            gofer::WaitGroup wg;
            for (int i = 0; i < crowd_size; ++i) wg.go([&crowd, &body, i] { body(crowd, i); });
            while (gofer::Runtime::current().stats().parked < crowd_size) gofer::sleep_for(std::chrono::milliseconds{1});
            crowd.limit_ = gofer::Clock::now() + std::chrono::seconds{30};
            crowd.gate_.close();
            wg.wait();
        });
        std::printf("%d of %d moved to another thread\n", crowd.moved_.load(), crowd_size);
        programs::require(s.workers == 1 || crowd.moved_ > enough, "a good part of the crowd has moved");
    }

private:
    static constexpr int enough = crowd_size / 10;

    explicit Crowd(unsigned workers) noexcept : workers_{workers} {}

    /// Where each worker has got those back that had parked there, all have enough to do, and nobody is moved. Then those of
    /// one thread park again, and are woken by those of the others, on theirs.
    void meet(pid_t here) {
        pid_t chosen = 0;
        if (chosen_.compare_exchange_strong(chosen, here) || chosen == here)
            static_cast<void>(meeting_.receive_for(std::chrono::milliseconds{1}));
        else if (!meeting_.try_send(1))
            gofer::yield();
    }

    bool more_have_to_move() const noexcept {
        return workers_ > 1 && moved_.load(std::memory_order_relaxed) <= enough && gofer::Clock::now() < limit_;
    }

    const unsigned workers_;
    gofer::Clock::time_point limit_; // only a defect takes so long
    const gofer::Channel<int> gate_, meeting_;
    std::atomic<pid_t> chosen_{0};
    std::atomic<int> moved_{0};
};

} // namespace exceptions

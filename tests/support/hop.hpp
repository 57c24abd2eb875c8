// hop: makes sure that the calling goroutine has moved to another thread, for the traps that only a move springs.
#pragma once

#include <atomic>
#include <memory>
#include <unistd.h>

#include <gofer/gofer.hpp>

namespace fixture {

/// The thread the caller is on at this moment. Asks the kernel: pthread_self() is declared const, and a compiler may
/// keep what it returned before a switch.
[[nodiscard, gnu::noinline]] inline pid_t thread_now() noexcept {
    return ::gettid();
}

/// Parks, and is woken on another thread than before. Needs two workers, and one hop at a time in the process: of its
/// two helpers the one on the old thread holds that worker, so that the other one has to be taken by another.
inline void hop() {
    const pid_t before = thread_now();
    do {
        const gofer::Channel<gofer::Unit> woken;
        const auto sent = std::make_shared<std::atomic<bool>>(false);
        for (int i = 0; i < 2; ++i)
            gofer::go([woken, sent, before] {
                if (thread_now() == before)
                    while (!sent->load(std::memory_order_relaxed)) ::usleep(10);
                else if (!sent->exchange(true, std::memory_order_relaxed))
                    woken.send({});
            });
        woken.receive();
    } while (thread_now() == before);
}

} // namespace fixture

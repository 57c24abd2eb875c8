// Random delays at the beginning and the end of every function of the library and of the tests, inlined ones too, as g++
// marks them with -finstrument-functions: threads meet in ways that an idle machine shows once in a million runs.
// (The idea is PCT's and rr's chaos mode: most bugs of concurrency need one or two delays, at the right place.)
//
// Each place is delayed at one of its first few calls as likely as at one of the many that follow, so that what runs
// rarely is not missed: the n-th call of a place with a chance of 1 in n + 6. A thread is held up for about half of its
// time at most. Built with GOFER_DELAYS (preset delays), and asleep unless the environment has GOFER_DELAYS.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <sys/syscall.h>

namespace {

using Nanoseconds = std::int64_t;

std::atomic<std::uint32_t> calls[65536]; // of each place; two may share one
bool awake = false;

struct PerThread {
    std::uint64_t random = 0;
    Nanoseconds since = 0;
    Nanoseconds delayed = 0;
};
thread_local PerThread mine;

Nanoseconds now() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

/// Without errno, which belongs to the function that is delayed.
void pause_for([[maybe_unused]] Nanoseconds time) {
#if defined(__x86_64__)
    const timespec length{time / 1'000'000'000, time % 1'000'000'000};
    long result = SYS_nanosleep;
    asm volatile("syscall" : "+a"(result) : "D"(&length), "S"(nullptr) : "rcx", "r11", "memory");
#else
    for (const Nanoseconds end = now() + time; now() < end;) {
    }
#endif
}

Nanoseconds some_time(std::uint64_t random) {
    const std::uint64_t percent = random % 100;
    if (percent < 60) return 200'000;
    if (percent < 85) return 2'000'000;
    if (percent < 95) return 15'000'000;
    return percent < 99 ? 60'000'000 : 400'000'000;
}

[[gnu::noinline, gnu::cold]] void delay() {
    const Nanoseconds time = some_time(mine.random >> 20), at = now();
    if (mine.since == 0) mine.since = at;
    if (mine.delayed + time > (at - mine.since) / 2 + 70'000'000) return;
    mine.delayed += time;
    pause_for(time);
}

void pass(std::uintptr_t place) {
    if (!awake) return;
    if (mine.random == 0) mine.random = static_cast<std::uint64_t>(now()) ^ reinterpret_cast<std::uintptr_t>(&mine);
    mine.random = mine.random * 6364136223846793005u + 1442695040888963407u;
    std::atomic<std::uint32_t>& count = calls[static_cast<std::uint32_t>(place * 2654435761u) >> 16];
    const std::uint32_t n = count.load(std::memory_order_relaxed);
    count.store(n + 1, std::memory_order_relaxed); // of two at once one is not counted
    if ((mine.random >> 33) % (n < 30000 ? n + 6 : 30000) == 0) delay();
}

[[gnu::constructor]] void wake_up() {
    awake = std::getenv("GOFER_DELAYS") != nullptr;
}

} // namespace

extern "C" void __cyg_profile_func_enter(void* function, void* caller) {
    pass(reinterpret_cast<std::uintptr_t>(function) * 31 + reinterpret_cast<std::uintptr_t>(caller) * 7);
}
extern "C" void __cyg_profile_func_exit(void* function, void* caller) {
    pass(reinterpret_cast<std::uintptr_t>(function) * 31 + reinterpret_cast<std::uintptr_t>(caller) * 7 + 1);
}

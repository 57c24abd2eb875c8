// Trimmer and switch, alone: pages are given back only under a fiber that does not run, however close the two come.
#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include <gofer/base/page.hpp>
#include <gofer/fiber/trim.hpp>

#include "../support/catch.hpp"

namespace {

struct Record : gofer::fiber::Fiber {};

/// A fiber that "runs" by writing to its stack and reading again, and is suspended high up in it.
class Runner {
public:
    explicit Runner(gofer::fiber::Fiber& fiber) : fiber_{fiber} {}

    /// False when the stack changed under it.
    bool run(unsigned number) {
        gofer::fiber::enter_running(fiber_);
        for (std::size_t i = 0; i < words; ++i) at(i) = number;
        bool sound = true;
        for (int round = 0; round < 20; ++round)
            for (std::size_t i = 0; i < words; ++i) sound = sound && at(i) == number;
        fiber_.suspensions.store(fiber_.suspensions.load() + 1);
        fiber_.context.store(reinterpret_cast<char*>(&fiber_) - 1024);
        fiber_.running.store(false, std::memory_order_release);
        return sound;
    }

private:
    static constexpr std::size_t words = 8;

    /// One word in each of the lowest pages.
    volatile unsigned& at(std::size_t i) {
        return *reinterpret_cast<volatile unsigned*>(fiber_.bottom + i * gofer::base::page_size());
    }

    gofer::fiber::Fiber& fiber_;
};

} // namespace

TEST_CASE("no page goes from under a fiber that runs, however often it is looked at") {
    static auto& pools = *new gofer::fiber::StackPools<Record>; // never freed
    gofer::fiber::Trimmer<Record> trimmer{pools};
    Runner runner{*pools.take(2, 1)};
    std::atomic<bool> over{false};
    std::thread trimming{[&] {
        while (!over) static_cast<void>(trimmer.step(1000));
    }};
    std::minstd_rand random{1};
    int unsound = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{1};
    for (unsigned number = 1; std::chrono::steady_clock::now() < end; ++number) {
        unsound += !runner.run(number);
        // About as long as the trimmer takes for two looks, so that both come at the same time again and again.
        for (auto steps = random() % 4000; steps-- > 0;) asm volatile("");
    }
    over = true;
    trimming.join();
    CHECK(unsound == 0);
}

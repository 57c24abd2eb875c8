// Goroutines that follow each other on the same stack, or in the same record: that is no edge between them, and no
// race either when each touches only its own frames.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "unprotected.hpp"

using programs::Scenario;
using programs::Setting;
using races::Rumour;
using races::touch;

namespace {

/// Starts goroutines one after the other, without an edge between them, until twenty times one has lain where another
/// had lain just before. Each two that follow each other there race about an object of their own: two may happen to be
/// ordered, by what the scheduler did between them, and TSan may have lost the stack of one, which it needs to tell of a
/// race; a second race about the same object it would not look at. A place may never be used again, when a worker keeps
/// it that is idle from then on; so after a while another place is looked at. Those count that came soon after the one
/// before them: TSan keeps what it knows of the last 64 goroutines that ended.
template <class Start>
void race_in_the_same_place(const Setting& s, Start start) {
    gofer::run(s.options(), [&] {
        std::atomic<std::uintptr_t> place{0};
        std::atomic<std::size_t> latest{0}; // in that place
        std::atomic<std::size_t> objects{0};
        std::atomic<int> met{0};
        Rumour over; // one for all: a new one in the same place would be a race of its own
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{30};
        constexpr std::size_t followers = 100;
        constexpr std::size_t soon = 10;
        for (int i = 0; met.load(std::memory_order_relaxed) < 20; ++i) {
            if (std::chrono::steady_clock::now() > limit) break;
            start([&, turn = static_cast<std::size_t>(i)](std::uintptr_t here) {
                const bool is_first = turn % followers == 0;
                if (is_first) place.store(here, std::memory_order_relaxed);
                if (here == place.load(std::memory_order_relaxed)) {
                    const std::size_t mine = objects.fetch_add(is_first ? 2 : 1, std::memory_order_relaxed) + is_first;
                    touch(mine % races::unprotected.size());
                    s.between();
                    touch((mine + 1) % races::unprotected.size());
                    const std::size_t before = latest.exchange(turn, std::memory_order_relaxed);
                    met.fetch_add(!is_first && turn - before <= soon, std::memory_order_relaxed);
                }
                over.give();
            });
            over.await(i + 1);
        }
        programs::require(met.load(std::memory_order_relaxed) > 0, "some goroutine came to lie where another had lain");
    });
}

template <class T>
std::uintptr_t address_of(const T& object) noexcept {
    return reinterpret_cast<std::uintptr_t>(&object);
}

const Scenario same_stack{"a reused stack", [](const Setting& s) {
    race_in_the_same_place(s, [](auto body) {
        gofer::go([body] {
            volatile int local = 0;
            body(address_of(local));
        });
    });
}};

const Scenario same_own_stack{"a reused stack of its own", [](const Setting& s) {
    race_in_the_same_place(s, [](auto body) {
        gofer::go({.stack_size = 64 << 10}, [body] {
            volatile int local = 0;
            body(address_of(local));
        });
    });
}};

// A closure over 256 bytes stays in its record.
const Scenario same_record{"a reused record", [](const Setting& s) {
    race_in_the_same_place(s, [](auto body) {
        const std::array<char, 500> large{};
        gofer::go([body, large] { body(address_of(large)); });
    });
}};

[[gnu::noinline]] void write_own_frame(const Setting& s, int value) {
    std::array<int, 1000> mine;
    for (int& m : mine) m = value;
    s.between();
    for (const int m : mine) programs::require(m == value, "a frame keeps its values");
}

const Scenario own_frames{"own frames on a reused stack", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        Rumour over;
        for (int i = 0; i < 100; ++i) {
            gofer::go([&s, &over, i] {
                write_own_frame(s, i);
                over.give();
            });
            over.await(i + 1);
        }
    });
}};

const Scenario own_records{"own captures in a reused record", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        Rumour over;
        for (int i = 0; i < 100; ++i) {
            std::array<int, 125> large{};
            large[0] = i;
            gofer::go([large, i, &s, &over]() mutable {
                large[1] = i;
                s.between();
                programs::require(large[0] == large[1], "a record keeps its captures");
                over.give();
            });
            over.await(i + 1);
        }
    });
}};

} // namespace

// Timers that are stopped and set again while they fire and while others receive.
// After the ideas of TestStopResetResetChan, TestConcurrentTimerReset, TestConcurrentTimerResetStop and TestTimerGC in
// golang/go src/time/{sleep,tick}_test.go.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/random.hpp"

using namespace std::chrono_literals;
using fixture::Dice;
using Moment = gofer::Clock::time_point;

namespace {

constexpr int rounds = gofer::base::tsan_build ? 300 : 2000;

} // namespace

TEST_CASE("a reset while the timer fires: one value, and not of before the reset") {
    fixture::storm([](std::uint64_t seed) {
        Dice dice{seed, 1};
        const gofer::Timer t{1h};
        const gofer::Channel<Moment> got;
        gofer::WaitGroup wg;
        wg.go([&] {
            for (int i = 0; i < rounds / 10; ++i) got.send(*t.channel().receive());
        });
        for (int i = 0; i < rounds / 10; ++i) {
            t.reset(std::chrono::microseconds{dice.below(20)});
            for (int spin = dice.below(3000); spin > 0; --spin) std::atomic_signal_fence(std::memory_order_seq_cst);
            const Moment now = gofer::Clock::now();
            const bool was_running = t.reset(std::chrono::microseconds{dice.below(20)});
            const Moment moment = *got.receive();
            VERIFY(!was_running || moment >= now);
            if (was_running) continue;
            // The receiver had the first value already; it waits for the second now.
            if (++i < rounds / 10) VERIFY(*got.receive() >= now);
            else VERIFY(fixture::eventually([&] { return t.channel().try_receive().has_value(); }));
        }
        wg.wait();
    });
}

TEST_CASE("stop or the value, never both and never neither") {
    fixture::storm([](std::uint64_t seed) {
        Dice dice{seed, 1};
        for (int i = 0; i < rounds / 10; ++i) {
            const gofer::Timer t{std::chrono::microseconds{dice.below(30)}};
            std::atomic<int> got{0};
            const gofer::Channel<gofer::Unit> quit;
            gofer::WaitGroup wg;
            for (int k = 0; k < 2; ++k)
                wg.go([&, selects = dice.one_in(2)] {
                    if (selects)
                        got += gofer::select(gofer::recv(quit), gofer::recv(t.channel())) == 1;
                    else
                        got += t.channel().receive_for(300us).has_value();
                });
            for (int spin = dice.below(5000); spin > 0; --spin) std::atomic_signal_fence(std::memory_order_seq_cst);
            if (dice.one_in(2)) gofer::yield();
            const bool stopped = t.stop();
            quit.close();
            wg.wait();
            VERIFY(got + stopped <= 1);
            VERIFY(!stopped || t.channel().try_receive().empty());
            // Neither: it had not been received when the receivers left, and stop had been too early to take it:
            // impossible.
            VERIFY(got + stopped == 1);
        }
    });
}

TEST_CASE("many set, stop and receive at once, and afterwards the timer works") {
    fixture::storm([](std::uint64_t seed) {
        const gofer::Timer t{1us};
        const gofer::Ticker ticker{1us};
        gofer::WaitGroup wg;
        for (unsigned g = 0; g < 6; ++g)
            wg.go([&, dice = Dice{seed, g}]() mutable {
                for (int i = 0; i < rounds / 20; ++i) {
                    const auto d = std::chrono::microseconds{1 + dice.below(20)};
                    switch (dice.below(7)) {
                    case 0: t.reset(d); break;
                    case 1: t.stop(); break;
                    case 2: ticker.reset(d); break;
                    case 3: ticker.stop(); break;
                    case 4: static_cast<void>(t.channel().receive_for(d)); break;
                    case 5: static_cast<void>(ticker.channel().receive_for(d)); break;
                    default:
                        gofer::select(gofer::recv(t.channel()), gofer::recv(ticker.channel()), gofer::timeout(d));
                        break;
                    }
                }
            });
        wg.wait();
        t.reset(0s);
        ticker.reset(1us);
        VERIFY(t.channel().receive());
        VERIFY(ticker.channel().receive());
        VERIFY(ticker.channel().receive());
    });
}

TEST_CASE("followers are never forgotten, whatever makes the others leave") {
    fixture::storm([](std::uint64_t seed) {
        const gofer::Ticker ticker{5us};
        const gofer::Channel<int> noise;
        gofer::WaitGroup steady, fickle;
        std::atomic<bool> over{false};
        for (int g = 0; g < 3; ++g)
            steady.go([&] {
                for (int i = 0; i < 40; ++i) VERIFY(ticker.channel().receive());
            });
        for (unsigned g = 0; g < 4; ++g)
            fickle.go([&, dice = Dice{seed, g}]() mutable {
                while (!over) {
                    const auto d = std::chrono::microseconds{dice.below(15)};
                    if (dice.one_in(3))
                        static_cast<void>(ticker.channel().receive_for(d));
                    else
                        gofer::select(gofer::recv(ticker.channel()), gofer::recv(noise), gofer::timeout(d));
                    static_cast<void>(noise.try_send(1));
                }
            });
        steady.wait();
        over = true;
        fickle.wait();
    });
}

TEST_CASE("timers are dropped while they are received from") {
    fixture::storm([](std::uint64_t seed) {
        Dice dice{seed, 1};
        for (int i = 0; i < rounds / 10; ++i) {
            auto t = std::make_unique<gofer::Timer>(std::chrono::microseconds{dice.below(10)});
            gofer::WaitGroup wg;
            wg.go([c = t->channel()] { VERIFY(c.receive()); });
            if (dice.one_in(2)) gofer::yield();
            t.reset();
            wg.wait();
        }
    });
}

TEST_CASE("what was done before a reset happens before what is done after the receive") {
    fixture::storm([](std::uint64_t) {
        int plain = 0;
        const gofer::Timer t{1h};
        gofer::WaitGroup wg;
        wg.go([&] {
            t.channel().receive();
            VERIFY(plain == 1);
        });
        plain = 1;
        t.reset(1us);
        wg.wait();
        int in_closure = 0;
        wg.add();
        in_closure = 1;
        gofer::after_func(1us, [&] {
            VERIFY(in_closure == 1);
            wg.done();
        });
        wg.wait();
    });
}

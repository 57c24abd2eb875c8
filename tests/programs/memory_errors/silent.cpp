// What is right and easily reported all the same: exceptions that unwind a goroutine's stack, and frames that come to
// lie where others had their red zones.
#include <array>
#include <stdexcept>

#include "../../support/hop.hpp"
#include "../support/scenario.hpp"

using programs::Scenario;
using programs::Setting;

namespace {

[[gnu::noinline]] int throws_from(int depth) {
    volatile char frame[200] = {};
    if (depth == 0) throw std::runtime_error{"thrown"};
    return throws_from(depth - 1) + frame[3];
}

[[gnu::noinline]] bool catches_from(int depth) {
    try {
        throws_from(depth);
    } catch (const std::runtime_error&) {
        return true;
    }
    return false;
}

const Scenario exceptions{"exceptions", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        gofer::WaitGroup wg;
        for (int i = 0; i < 200; ++i)
            wg.go([&s, i] {
                programs::require(catches_from(i % 50), "it is caught");
                s.between();
                programs::require(catches_from(50), "it is caught again");
            });
        wg.wait();
    });
}};

const Scenario exceptions_after_a_move{"exceptions after a move to another thread", [](const Setting& s) {
    gofer::run(s.options(), [] {
        try {
            fixture::hop();
            throws_from(20);
        } catch (const std::runtime_error&) {
            fixture::hop();
        }
        programs::require(catches_from(20), "it is caught");
    });
}};

[[gnu::noinline]] void fill(std::size_t size) {
    std::array<volatile char, 4000> zones{};
    for (std::size_t i = 0; i < size; ++i) zones[i] = 1;
}

[[gnu::noinline]] void many_small_frames(int depth) {
    volatile char a[3] = {}, b[5] = {}, c[17] = {};
    gofer::yield();
    if (depth > 0) many_small_frames(depth - 1);
    static_cast<void>(a[0] + b[0] + c[0]);
}

// The goroutine ends deep in an exception, so that nobody takes the red zones away frame by frame.
const Scenario reused_stacks{"frames of every shape on reused stacks", [](const Setting& s) {
    gofer::run(s.options(), [] {
        for (int round = 0; round < 50; ++round) {
            gofer::WaitGroup wg;
            for (int i = 0; i < 20; ++i)
                wg.go([i, round] {
                    if ((i + round) % 3 == 0) return many_small_frames(i);
                    if ((i + round) % 3 == 1) return fill(4000);
                    programs::require(catches_from(i), "it is caught");
                });
            wg.wait();
        }
    });
}};

// A loop's frames and a goroutine's own come to lie on the same stacks by turns, none of them ever left by a return.
const Scenario by_turns{"stacks that serve as loops and as a goroutine's own by turns", [](const Setting& s) {
    gofer::run(s.options(), [] {
        for (int round = 0; round < 30; ++round) {
            gofer::WaitGroup wg;
            const gofer::Channel<int> gate;
            for (int i = 0; i < 20; ++i) {
                gofer::GoOptions options;
                if ((i + round) % 2 == 0) options.stack_size = 256 << 10;
                wg.go(options, [gate, i] {
                    many_small_frames(i % 5);
                    gate.receive();
                    fill(4000);
                });
            }
            gofer::yield();
            gate.close();
            wg.wait();
        }
    });
}};

const Scenario abandoned{"goroutines abandoned in the middle", [](const Setting& s) {
    auto options = s.options();
    options.shutdown_grace = std::chrono::milliseconds{1};
    for (int i = 0; i < 10; ++i)
        gofer::run(options, [] {
            const gofer::Channel<int> c;
            for (int n = 0; n < 10; ++n) gofer::go([c] { many_small_frames(5), c.receive(); });
            gofer::yield();
        });
}};

} // namespace

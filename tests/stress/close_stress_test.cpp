// Channels closed in the middle of traffic: what was sent successfully is received, and nothing else; all
// wake.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/random.hpp"

using fixture::Dice;
using fixture::Lone;

namespace {

using Lane = gofer::Channel<Lone>;

struct Sums {
    std::atomic<long> sent{0}, received{0};
    std::atomic<int> sends{0}, receives{0};
};

/// Sends until the channel is closed; only what was taken counts.
void send_until_closed(const Lane& c, Sums& sums, Dice dice) {
    try {
        for (;;) {
            const int n = 1 + dice.below(1000);
            bool sent = true;
            switch (dice.below(3)) {
            case 0:
                c.send(Lone{n});
                break;
            case 1:
                sent = c.send_for(Lone{n}, std::chrono::microseconds{dice.below(30)});
                break;
            default:
                sent = gofer::select(gofer::send(c, Lone{n}),
                                     gofer::timeout(std::chrono::microseconds{dice.below(30)})) == 0;
            }
            if (!sent) continue;
            sums.sent += n;
            ++sums.sends;
        }
    } catch (const gofer::ChannelClosed&) {
        VERIFY(c.closed());
    }
}

/// Receives until the channel is closed and drained.
void receive_until_closed(const Lane& c, Sums& sums, Dice dice) {
    for (std::optional<Lone> value;; value.reset()) {
        if (dice.one_in(2))
            value = c.receive();
        else
            gofer::select(gofer::recv(Lane{}), gofer::recv(c, value));
        if (!value) return;
        sums.received += value->value;
        ++sums.receives;
    }
}

void close_in_traffic(std::uint64_t seed, unsigned round) {
    Dice dice{seed, round};
    Sums sums;
    const Lane c(dice.one_in(2) ? 0 : dice.below(8));
    gofer::WaitGroup wg;
    for (unsigned i = 0; i < 5; ++i) {
        wg.go([&, i] { send_until_closed(c, sums, Dice{seed, round * 100 + i}); });
        if (i < 3) wg.go([&, i] { receive_until_closed(c, sums, Dice{seed, round * 100 + 50 + i}); });
    }
    const int enough = dice.below(40);
    VERIFY(fixture::eventually([&] { return sums.receives >= enough; }));
    c.close();
    wg.wait();
    VERIFY(sums.sent == sums.received);
    VERIFY(sums.sends == sums.receives);
}

} // namespace

TEST_CASE("a channel closed in traffic delivers what was sent and wakes everybody") {
    fixture::storm([](std::uint64_t seed) {
        for (unsigned round = 0; round < 10; ++round) close_in_traffic(seed, round);
    });
}

TEST_CASE("close against a single parked or parking receiver never loses the wake-up") {
    fixture::storm([](std::uint64_t seed) {
        Dice dice{seed, 0};
        for (int round = 0; round < 100; ++round) {
            const gofer::Channel<int> c(dice.below(2));
            gofer::WaitGroup wg;
            wg.go([c] { VERIFY(!c.receive().has_value()); });
            wg.go([c] {
                std::optional<int> slot;
                gofer::select(gofer::recv(c, slot), gofer::recv(gofer::Channel<int>{}));
                VERIFY(!slot.has_value());
            });
            for (int i = dice.below(3); i > 0; --i) gofer::yield();
            c.close();
            wg.wait();
        }
    });
}

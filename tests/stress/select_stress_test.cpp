// Selects of cases drawn at random over a few shared channels: what all of them sent is what all of them
// received and what is left in the buffers.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/random.hpp"

using fixture::Dice;
using fixture::Tracked;

namespace {

using TrackedLane = gofer::Channel<Tracked>;
using TrackedLanes = std::array<TrackedLane, 5>;

constexpr int goroutines = 8, selects_each = 250;

struct Sum {
    std::atomic<long> sent{0}, received{0};
};

/// A case that sends or receives on one of the lanes, or on none.
gofer::SelectCase random_case(const TrackedLanes& lanes, Sum& sums, Dice& dice) {
    const TrackedLane& lane = lanes[static_cast<std::size_t>(dice.below(static_cast<int>(lanes.size())))];
    const int n = 1 + dice.below(1000);
    switch (dice.below(7)) {
    case 0:
        return gofer::recv(TrackedLane(nullptr));
    case 1:
    case 2:
    case 3:
        return gofer::send(lane, Tracked{n}, [&sums, n] { sums.sent += n; });
    default:
        return gofer::recv(lane, [&sums](std::optional<Tracked> v) { sums.received += v->value; });
    }
}

/// One select of up to six random cases, made sure to end by a timeout or an otherwise.
void random_select(const TrackedLanes& lanes, Sum& sums, Dice& dice) {
    std::vector<gofer::SelectCase> cases;
    for (int i = dice.below(6); i >= 0; --i) cases.push_back(random_case(lanes, sums, dice));
    if (dice.one_in(4))
        cases.push_back(gofer::otherwise());
    else
        cases.push_back(gofer::timeout(std::chrono::microseconds{dice.below(200)}));
    const int times = 1 + dice.below(3);
    for (int i = 0; i < times; ++i) VERIFY(gofer::select(cases) < cases.size());
}

/// A select written out, over two lanes in both directions.
void fixed_select(const TrackedLanes& lanes, Sum& sums, Dice& dice) {
    const TrackedLane& a = lanes[static_cast<std::size_t>(dice.below(5))];
    const TrackedLane& b = lanes[static_cast<std::size_t>(dice.below(5))];
    const Tracked one{1}, two{2};
    const auto count = [&sums](std::optional<Tracked> v) { sums.received += v->value; };
    gofer::select(gofer::send(a, one, [&] { sums.sent += 1; }), gofer::recv(b, count),
                  gofer::send(b, two, [&] { sums.sent += 2; }), gofer::recv(a, count),
                  gofer::timeout(std::chrono::microseconds{dice.below(200)}));
}

long left_in(const TrackedLanes& lanes) {
    long left = 0;
    for (const TrackedLane& lane : lanes) {
        lane.close();
        for (const Tracked& value : lane) left += value.value;
    }
    return left;
}

} // namespace

TEST_CASE("random selects over shared channels lose and double nothing") {
    fixture::storm([](std::uint64_t seed) {
        const TrackedLanes lanes{TrackedLane(0), TrackedLane(0), TrackedLane(1), TrackedLane(2), TrackedLane(7)};
        Sum sums;
        gofer::WaitGroup wg;
        for (unsigned g = 0; g < goroutines; ++g) {
            wg.go([&, dice = Dice{seed, g}]() mutable {
                for (int i = 0; i < selects_each; ++i) {
                    if (dice.one_in(2))
                        random_select(lanes, sums, dice);
                    else
                        fixed_select(lanes, sums, dice);
                }
            });
        }
        wg.wait();
        VERIFY(sums.sent == sums.received + left_in(lanes));
        VERIFY(sums.received > 0);
    });
}

TEST_CASE("selects that send to each other in a ring of unbuffered channels never stall") {
    fixture::storm([](std::uint64_t seed) {
        constexpr std::size_t places = 5;
        constexpr int rounds = 200;
        const std::array<gofer::Channel<int>, places> ring;
        gofer::WaitGroup wg;
        for (std::size_t p = 0; p < places; ++p) {
            wg.go([&, p, dice = Dice{seed, static_cast<unsigned>(p)}]() mutable {
                int sent = 0, received = 0;
                gofer::Channel<int> in = ring[p], out = ring[(p + 1) % places];
                while (sent < rounds || received < rounds) {
                    if (dice.one_in(10)) gofer::yield();
                    gofer::select(gofer::send(out, sent,
                                              [&] {
                                                  if (++sent == rounds) out = nullptr;
                                              }),
                                  gofer::recv(in, [&](std::optional<int> v) {
                                      VERIFY(v == received);
                                      if (++received == rounds) in = nullptr;
                                  }));
                }
            });
        }
        wg.wait();
    });
}

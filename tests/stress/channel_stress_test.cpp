// Many senders and receivers on one channel, each operation in a way drawn at random: every value arrives
// once, and each receiver sees the values of one sender in the order in which they were sent.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/random.hpp"

using fixture::Dice;
using fixture::Lone;

namespace {

using Lane = gofer::Channel<Lone>;

constexpr int values_each = 150;

std::chrono::microseconds moment(Dice& dice) { return std::chrono::microseconds{dice.below(60) - 5}; }

/// Tries to send in one of five ways. Two tries never meet on an unbuffered channel, so the way is drawn anew
/// each time.
bool sent_somehow(const Lane& c, Lone& value, Dice& dice) {
    switch (dice.below(5)) {
    case 0:
        c.send(std::move(value));
        return true;
    case 1:
        return c.try_send(std::move(value));
    case 2:
        return c.send_for(std::move(value), moment(dice));
    case 3:
        return gofer::select(gofer::timeout(moment(dice)), gofer::send(c, std::move(value))) == 1;
    default:
        return gofer::select(gofer::recv(Lane{}), gofer::send(c, std::move(value))) == 1;
    }
}

/// Tries to receive in one of five ways. True: here it is, or the channel is closed and drained.
bool received_somehow(const Lane& c, std::optional<Lone>& slot, Dice& dice) {
    switch (dice.below(5)) {
    case 0:
        slot = c.receive();
        return true;
    case 1: {
        auto result = c.try_receive();
        if (result.has_value()) slot = std::move(*result);
        return slot.has_value() || result.closed();
    }
    case 2:
        slot = c.receive_for(moment(dice));
        return slot.has_value();
    case 3:
        return gofer::select(gofer::recv(c, slot), gofer::timeout(moment(dice))) == 0;
    default:
        return gofer::select(gofer::recv(c, slot), gofer::recv(Lane{})) == 0;
    }
}

std::optional<Lone> receive_in_the_end(const Lane& c, Dice& dice) {
    std::optional<Lone> slot;
    while (!received_somehow(c, slot, dice)) gofer::yield();
    return slot;
}

/// Each sender's values come in rising order to any one receiver; marks them as seen.
void note(int id, std::vector<int>& last_of_sender, std::vector<int>& seen) {
    const auto sender = static_cast<std::size_t>(id / values_each);
    VERIFY(id > last_of_sender[sender]);
    last_of_sender[sender] = id;
    ++seen[static_cast<std::size_t>(id)];
}

void everything_arrives_once(std::uint64_t seed, int capacity) {
    Dice dice{seed, static_cast<unsigned>(capacity)};
    const int senders = 1 + dice.below(6), receivers = 1 + dice.below(6);
    const auto total = static_cast<std::size_t>(senders * values_each);
    const Lane c(capacity);
    const gofer::Channel<std::vector<int>> results(receivers);
    gofer::WaitGroup sending;
    for (int s = 0; s < senders; ++s) {
        sending.go([=, own = Dice{seed, static_cast<unsigned>(100 + s)}]() mutable {
            for (int i = 0; i < values_each; ++i) {
                Lone value{s * values_each + i};
                while (!sent_somehow(c, value, own)) gofer::yield();
            }
        });
    }
    for (int r = 0; r < receivers; ++r) {
        gofer::go([=, own = Dice{seed, static_cast<unsigned>(200 + r)}]() mutable {
            std::vector<int> seen(total), last(static_cast<std::size_t>(senders), -1);
            while (auto value = receive_in_the_end(c, own)) note(value->value, last, seen);
            results.send(std::move(seen));
        });
    }
    sending.wait();
    c.close();
    std::vector<int> all(total);
    for (int r = 0; r < receivers; ++r) {
        const std::vector<int> seen = results.receive().value();
        for (std::size_t id = 0; id < total; ++id) all[id] += seen[id];
    }
    for (const int times : all) VERIFY(times == 1);
}

} // namespace

TEST_CASE("random senders and receivers lose and double nothing, unbuffered") {
    fixture::storm([](std::uint64_t seed) { everything_arrives_once(seed, 0); });
}

TEST_CASE("random senders and receivers lose and double nothing, one place") {
    fixture::storm([](std::uint64_t seed) { everything_arrives_once(seed, 1); });
}

TEST_CASE("random senders and receivers lose and double nothing, a few places") {
    fixture::storm([](std::uint64_t seed) {
        everything_arrives_once(seed, 3);
        everything_arrives_once(seed, 16);
    });
}

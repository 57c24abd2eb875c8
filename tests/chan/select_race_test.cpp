// select acts on its channels at one moment, not over a smeared while; and it chooses fairly.
// After the ideas of TestNonblockSelectRace, TestNonblockSelectRace2, TestSelectFairness and TestSelectStress
// in golang/go src/runtime/chan_test.go and of test/chan/doubleselect.go.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

// An lvalue that outlives every case which refers to it.
constexpr int token = 0;

/// So many cases that are never ready make a select take its time to look at all of them.
std::vector<gofer::Channel<int>> idle_channels() {
    std::vector<gofer::Channel<int>> idle;
    for (int i = 0; i < 300; ++i) idle.emplace_back();
    return idle;
}

/// Whether a select over all of these finds one that is ready; says when it begins to look.
bool finds_one(const gofer::Channel<int>& early, const gofer::Channel<int>& late,
               const std::vector<gofer::Channel<int>>& idle, std::atomic<bool>& looks) {
    std::vector<gofer::SelectCase> cases;
    for (const auto& each : idle) cases.push_back(gofer::recv(each));
    cases.push_back(gofer::recv(early));
    cases.push_back(gofer::recv(late));
    cases.push_back(gofer::otherwise());
    looks = true;
    return gofer::select(cases) + 1 != cases.size();
}

/// From the time the looker is there one of two channels is always ready: first only `early`, then both, then
/// only `late`. A select over both must never find neither. The looker is a thread, since a goroutine would
/// as a rule run before or after its partner on the same worker, and never at the same time.
template <class MakeReady>
void one_is_always_ready(int late_capacity, MakeReady make_ready) {
    const auto idle = idle_channels();
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{300};
    for (int round = 0; std::chrono::steady_clock::now() < end; ++round) {
        const gofer::Channel<int> early(1), late(late_capacity);
        early.send(1);
        std::atomic<bool> looks{false};
        bool found = false;
        std::thread looker{[&] { found = finds_one(early, late, idle, looks); }};
        while (!looks) std::this_thread::yield();
        // Comes in the middle of the look at one time or another.
        for (int pause = round * 37 % 12000; pause > 0; --pause) static_cast<void>(looks.load());
        make_ready(late);
        gofer::select(gofer::recv(early), gofer::otherwise());
        looker.join();
        INFO("round " << round);
        REQUIRE(found);
    }
}

/// Moves `each` values over each of four channels in one select, a channel leaving it when it has had its
/// share.
template <class MakeCase>
void share_out(std::array<gofer::Channel<int>, 4> c, int each, MakeCase make_case) {
    std::array<int, 4> moved{};
    for (int i = 0; i < 4 * each; ++i) {
        const std::size_t k =
            gofer::select(make_case(c[0]), make_case(c[1]), make_case(c[2]), make_case(c[3]));
        if (++moved[k] == each) c[k] = nullptr;
    }
}

} // namespace

TEST_CASE(
    "a select never misses both a channel that is ready before and one that gets ready before it is not") {
    one_is_always_ready(1, [](const gofer::Channel<int>& late) { late.send(1); });
}

TEST_CASE(
    "a select never misses both a channel that is ready before and one that is closed before it is not") {
    one_is_always_ready(0, [](const gofer::Channel<int>& late) { late.close(); });
}

TEST_CASE("of two cases that are always ready each is chosen about half the time") {
    // Ten standard deviations of a fair coin: some bias is let pass, a systematic one is not.
    constexpr int trials = 4000, slack = 10 * 32;
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> one(trials + 1), two(trials + 1), never;
        for (int i = 0; i < trials; ++i) {
            one.send(1);
            two.send(2);
        }
        int ones = 0;
        for (int i = 0; i < trials; ++i) {
            ones += gofer::select(gofer::recv(never), gofer::recv(never), gofer::recv(one),
                                  gofer::recv(two)) == 2;
        }
        VERIFY(ones > trials / 2 - slack);
        VERIFY(ones < trials / 2 + slack);
    });
}

TEST_CASE("of four cases that are ready none is hardly ever chosen") {
    constexpr int rounds = 200;
    fixture::at_each_worker_count([] {
        std::array<int, 4> chosen{};
        for (int i = 0; i < rounds; ++i) {
            const std::array<gofer::Channel<int>, 4> c{gofer::Channel<int>(1), gofer::Channel<int>(1),
                                                       gofer::Channel<int>(1), gofer::Channel<int>(1)};
            for (const auto& each : c) each.send(1);
            ++chosen[gofer::select(gofer::recv(c[0]), gofer::recv(c[1]), gofer::recv(c[2]),
                                   gofer::recv(c[3]))];
        }
        for (const int times : chosen) VERIFY(times > rounds / 20);
    });
}

TEST_CASE("plain senders and receivers mixed with selects over the same channels all get done") {
    constexpr int each = 300;
    fixture::at_each_worker_count([] {
        const std::array<gofer::Channel<int>, 4> c{gofer::Channel<int>(0), gofer::Channel<int>(0),
                                                   gofer::Channel<int>(2), gofer::Channel<int>(3)};
        gofer::WaitGroup wg;
        for (const auto& channel : c) {
            wg.go([channel] {
                for (int i = 0; i < each; ++i) channel.send(0);
            });
            wg.go([channel] {
                for (int i = 0; i < each; ++i) channel.receive();
            });
        }
        wg.go([&] { share_out(c, each, [](const auto& channel) { return gofer::send(channel, token); }); });
        wg.go([&] { share_out(c, each, [](const auto& channel) { return gofer::recv(channel); }); });
        wg.wait();
        for (const auto& channel : c) VERIFY(channel.size() == 0);
    });
}

TEST_CASE("a sender that selects over four channels reaches each of its receivers once a value") {
    constexpr int values = 1000;
    fixture::at_each_worker_count([] {
        const std::array<gofer::Channel<int>, 4> lanes;
        const gofer::Channel<int> merged;
        gofer::WaitGroup movers;
        for (const auto& lane : lanes) {
            movers.go([lane, merged] {
                for (int v : lane) merged.send(v);
            });
        }
        gofer::go([lanes] {
            for (int i = 0; i < values; ++i) {
                gofer::select(gofer::send(lanes[0], i), gofer::send(lanes[1], i), gofer::send(lanes[2], i),
                              gofer::send(lanes[3], i));
            }
            for (const auto& lane : lanes) lane.close();
        });
        gofer::go([&movers, merged] {
            movers.wait();
            merged.close();
        });
        std::set<int> seen;
        for (int v : merged) VERIFY(seen.insert(v).second);
        VERIFY(seen.size() == values);
    });
}

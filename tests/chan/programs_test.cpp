// Whole small programs over channels.
// After the ideas of golang/go test/chan/sieve1.go, sieve2.go, goroutines.go and of TestMultiConsumer and
// TestShrinkStackDuringBlockedSend in src/runtime/chan_test.go.
#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

constexpr std::array primes{2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37, 41,
                            43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97};

void count_to_100(gofer::Sender<int> out) {
    for (int i = 2; i <= 100; ++i) out.send(i);
    out.close();
}

void without_multiples(gofer::Receiver<int> in, gofer::Sender<int> out, int prime) {
    for (int i : in) {
        if (i % prime != 0) out.send(i);
    }
    out.close();
}

/// A channel without bound: takes from `in` whenever it can and hands on in order.
void buffer_without_bound(gofer::Channel<int> in, gofer::Channel<int> out) {
    const gofer::Channel<int> nil(nullptr);
    std::deque<int> held;
    while (in != nullptr || !held.empty()) {
        const int front = held.empty() ? 0 : held.front();
        const auto keep = [&](std::optional<int> v) {
            if (v)
                held.push_back(*v);
            else
                in = nullptr;
        };
        const gofer::Channel<int> from = in, to = held.empty() ? nil : out;
        gofer::select(gofer::recv(from, keep), gofer::send(to, front, [&] { held.pop_front(); }));
    }
    out.close();
}

/// Writes to some 20 KB of stack, and uses what it wrote.
int use_stack(int depth) {
    volatile char frame[1024];
    frame[depth] = 1;
    return (depth == 0 ? 0 : use_stack(depth - 1)) + frame[depth];
}

} // namespace

TEST_CASE("a chain of filters sieves the primes") {
    fixture::at_each_worker_count([] {
        gofer::Channel<int> numbers;
        gofer::go(count_to_100, numbers);
        for (const int prime : primes) {
            VERIFY(numbers.receive() == prime);
            gofer::Channel<int> filtered;
            gofer::go(without_multiples, numbers, filtered, prime);
            numbers = filtered;
        }
        VERIFY(!numbers.receive().has_value());
    });
}

TEST_CASE("a token passes through hundreds of goroutines in a row") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> leftmost;
        gofer::Channel<int> left = leftmost;
        for (int i = 0; i < 400; ++i) {
            gofer::Channel<int> right;
            gofer::go([left, right] { left.send(right.receive().value() + 1); });
            left = right;
        }
        left.send(1);
        VERIFY(leftmost.receive() == 401);
    });
}

TEST_CASE("a goroutine between two channels makes a buffer without bound") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> in, out;
        gofer::go(buffer_without_bound, in, out);
        for (int i = 0; i < 500; ++i) in.send(i);
        in.close();
        int expected = 0;
        for (int v : out) VERIFY(v == expected++);
        VERIFY(expected == 500);
    });
}

TEST_CASE("many consumers that break step pass every value on") {
    constexpr int consumers = 23, values = 3000;
    constexpr std::array steps{2, 3, 7, 11, 13, 17, 19, 23, 27, 31};
    fixture::at_each_worker_count([steps] {
        const gofer::Channel<int> questions(3 * consumers), results(3 * consumers);
        gofer::WaitGroup working;
        for (std::size_t w = 0; w < consumers; ++w) {
            working.go([=] {
                for (int v : questions) {
                    if (v == steps[w % steps.size()]) gofer::yield();
                    results.send(v);
                }
            });
        }
        gofer::go([=, &working] {
            for (std::size_t i = 0; i < values; ++i) questions.send(steps[i % steps.size()]);
            questions.close();
            working.wait();
            results.close();
        });
        int count = 0, sum = 0;
        for (int v : results) {
            ++count;
            sum += v;
        }
        VERIFY(count == values);
        VERIFY(sum == values / 10 * (2 + 3 + 7 + 11 + 13 + 17 + 19 + 23 + 27 + 31));
    });
}

TEST_CASE("a sender that goes deep between its sends is right each time") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go([&] {
            for (int i = 0; i < 10; ++i) {
                c.send(i);
                VERIFY(use_stack(20) == 21);
            }
        });
        for (int i = 0; i < 10; ++i) {
            VERIFY(c.receive() == i);
            fixture::parked_reaches(i < 9 ? 1 : 0);
        }
        wg.wait();
    });
}

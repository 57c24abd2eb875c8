// The prime sieve: a goroutine a prime, each a filter on an unbuffered channel. The time is that of the
// first 1000 primes.
//
// The numbers end at the last prime wanted, so that all goroutines end. A world that sieves fewer primes
// has its time scaled by the values passed from one goroutine to the next.
#include <vector>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

constexpr int whole = 1'000;

using Numbers = world::Channel<int>;

std::vector<int> first_primes(int count) {
    std::vector<int> primes;
    for (int n = 2; static_cast<int>(primes.size()) < count; ++n) {
        bool prime = true;
        for (const int p : primes) {
            prime = prime && n % p != 0;
        }
        if (prime) {
            primes.push_back(n);
        }
    }
    return primes;
}

double passed_on(const std::vector<int>& primes) {
    double passed = 0;
    for (int n = 2; n <= primes.back(); ++n) {
        for (const int p : primes) {
            ++passed;
            if (n % p == 0) {
                break;
            }
        }
    }
    return passed;
}

void send_up_to(int last, Numbers out) {
    for (int i = 2; i <= last; ++i) {
        out.send(i);
    }
    out.close();
}

void filter(int prime, Numbers in, Numbers out) {
    while (const auto v = in.receive()) {
        if (*v % prime != 0) {
            out.send(*v);
        }
    }
    out.close();
}

void sieve(int count, int last) {
    Numbers numbers;
    world::go(send_up_to, last, numbers);
    int prime = 0;
    for (int i = 0; i < count; ++i) {
        prime = numbers.receive().value();
        const Numbers rest;
        world::go(filter, prime, numbers, rest);
        numbers = rest;
    }
    bench::check("whether a number is left", numbers.receive().has_value(), false);
    bench::check("the last prime", prime, last);
}

} // namespace

int main(int argc, char** argv) {
    constexpr int count = world::sizes.primes;
    const std::vector<int> primes = first_primes(count);
    const int last = primes.back();
    const double scale = passed_on(first_primes(whole)) / passed_on(primes);
    bench::Program program(argc, argv);
    program.row("sieve", 1, [last, scale] {
        const auto start = bench::Clock::now();
        sieve(count, last);
        return bench::since(start) * scale;
    });
    return program.run();
}

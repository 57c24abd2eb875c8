// How much work a batch of each row is: the figures of the contract, unless a world says that it needs
// less.
//
// A world is what the rows run on: gofer, or a peer with the same few names (see harness/gofer/world.hpp).
// Threads and fibers that cost a hundred times more do a hundred times less, so that every row ends within
// seconds.
#pragma once

namespace bench {

struct Sizes {
    int spawned = 1'000'000;
    int leaves = 1'000'000; // of skynet; a power of ten
    int round_trips = 200'000;
    int elements = 1'000'000;
    int messages = 200'000;
    int locks_each = 200'000;
    int turns = 1'000'000;
    int fib_of = 27;
    int primes = 1'000;
    int waiting = 10'000;
    int parked = 1'000'000;
    unsigned queens = 12;
    int crowd = 1'000'000; // the most goroutines of the rows that ask what their number costs
};

} // namespace bench

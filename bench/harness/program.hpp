// What every bench program is made of: it names its rows, and each row is run once for every number of
// workers asked for.
//
//     bench_ping_pong --workers=1,2 [any flag of Google Benchmark]
//
// An iteration is one operation: the time that Google Benchmark prints is that of a round trip, a lock, a
// call.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/harness/hands.hpp"
#include "bench/harness/measure.hpp"
#include "world.hpp"

namespace bench {

/// Adds figures of its own to the state's counters, and returns the time of one operation.
using Row = std::function<Seconds(benchmark::State&, unsigned workers)>;

class Program {
public:
    /// Takes --workers out of the arguments, leaves the rest to Google Benchmark; exits where one is wrong.
    Program(int argc, char** argv);

    /// A row of batches: `batch` does `operations` operations and checks its result; see per_operation.
    template <class Batch>
    void row(const std::string& name, std::int64_t operations, Batch batch) {
        add(name, [operations, batch](benchmark::State&, unsigned workers) {
            Seconds each{};
            world::run(workers, [&] {
                auto mine = batch;
                each = per_operation(operations, mine);
            });
            return each;
        });
    }

    /// The same, of work that several workers must share: it shows its hands (hands.hpp).
    template <class Batch>
    void shared_row(const std::string& name, std::int64_t operations, Batch batch) {
        add(name, [operations, batch](benchmark::State&, unsigned workers) {
            Seconds each{};
            hands.forget();
            world::run(workers, [&] {
                auto mine = batch;
                each = per_operation(operations, mine);
            });
            hands.check_shared(workers);
            return each;
        });
    }

    /// A row that measures in its own way.
    void add(const std::string& name, const Row& row);

    /// Runs the rows that --benchmark_filter leaves; the exit code.
    int run();

private:
    std::vector<unsigned> workers_;
};

} // namespace bench

// How long does a waiter wait at most when eight goroutines want the same lock all the time?
//
// Each takes it, computes for ten microseconds, gives it back and comes again at once; every 16th time it lets the
// others run while it holds the lock. The time is the longest wait of all within 0.8 seconds: it should stay under
// 10 ms on cores that have nothing else to do. The other figures tell readers from writers, and one that takes
// all permits of a semaphore from those that take one; machine_ms is the longest that the system kept a
// contender from computing, which no lock can help.
#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include <gofer/gofer.hpp>

#include "bench/harness/check.hpp"
#include "bench/harness/program.hpp"

namespace {

constexpr bench::Seconds measured{0.8};
constexpr bench::Seconds held{10e-6};

struct Longest {
    bench::Seconds wait{0};
    bench::Seconds gap{0}; // between two looks at the clock while it computed
    long turns{0};
};

void compute(Longest& longest) {
    const auto start = bench::Clock::now();
    for (auto last = start, now = start; now - start < held; last = now) {
        now = bench::Clock::now();
        longest.gap = std::max<bench::Seconds>(longest.gap, now - last);
    }
}

template <class Take, class Give>
Longest contend(bench::Clock::time_point end, Take take, Give give) {
    Longest longest;
    while (bench::Clock::now() < end) {
        const auto start = bench::Clock::now();
        take();
        longest.wait = std::max(longest.wait, bench::since(start));
        compute(longest);
        if (++longest.turns % 16 == 0) {
            gofer::yield();
        }
        give();
    }
    return longest;
}

/// A contender, given the end of the measurement.
using Contender = std::function<Longest(bench::Clock::time_point)>;

std::vector<Longest> let_contend(unsigned workers, const std::vector<Contender>& contenders) {
    std::vector<Longest> longest(contenders.size());
    world::run(workers, [&] {
        const auto end = bench::Clock::now() + std::chrono::duration_cast<bench::Clock::duration>(measured);
        world::WaitGroup ended;
        ended.add(static_cast<int>(contenders.size()));
        for (std::size_t i = 0; i < contenders.size(); ++i) {
            world::go([&, i] {
                longest[i] = contenders[i](end);
                ended.done();
            });
        }
        ended.wait();
    });
    for (const Longest& one : longest) {
        bench::check("whether a contender never had its turn", one.turns == 0, false);
    }
    return longest;
}

using Figure = bench::Seconds Longest::*;

bench::Seconds longest_of(const std::vector<Longest>& all, std::size_t first, std::size_t last, Figure figure) {
    bench::Seconds longest{0};
    for (std::size_t i = first; i < last; ++i) {
        longest = std::max(longest, all[i].*figure);
    }
    return longest;
}

bench::Seconds summary(benchmark::State& state, const std::vector<Longest>& all) {
    const bench::Seconds longest = longest_of(all, 0, all.size(), &Longest::wait);
    state.counters["longest_ms"] = longest.count() * 1e3;
    state.counters["machine_ms"] = longest_of(all, 0, all.size(), &Longest::gap).count() * 1e3;
    return longest;
}

/// Two kinds of contenders, `few` of the first and the rest of the second, and a counter for each.
bench::Seconds summary(benchmark::State& state, const std::vector<Longest>& all, std::size_t few, const char* first,
                       const char* second) {
    state.counters[first] = longest_of(all, 0, few, &Longest::wait).count() * 1e3;
    state.counters[second] = longest_of(all, few, all.size(), &Longest::wait).count() * 1e3;
    return summary(state, all);
}

bench::Seconds mutex(benchmark::State& state, unsigned workers) {
    gofer::Mutex mutex;
    const Contender one = [&](auto end) {
        return contend(end, [&] { mutex.lock(); }, [&] { mutex.unlock(); });
    };
    return summary(state, let_contend(workers, std::vector(8, one)));
}

bench::Seconds rw_mutex(benchmark::State& state, unsigned workers) {
    gofer::RWMutex mutex;
    const Contender writer = [&](auto end) {
        return contend(end, [&] { mutex.lock(); }, [&] { mutex.unlock(); });
    };
    const Contender reader = [&](auto end) {
        return contend(end, [&] { mutex.lock_shared(); }, [&] { mutex.unlock_shared(); });
    };
    std::vector contenders(8, reader);
    contenders[0] = contenders[1] = writer;
    return summary(state, let_contend(workers, contenders), 2, "writer_ms", "reader_ms");
}

bench::Seconds semaphore(benchmark::State& state, unsigned workers) {
    constexpr std::int64_t permits = 3;
    gofer::Semaphore semaphore{permits};
    const auto of = [&](std::int64_t k) -> Contender {
        return [&semaphore, k](auto end) {
            return contend(end, [&] { semaphore.acquire(k); }, [&] { semaphore.release(k); });
        };
    };
    std::vector contenders(8, of(1));
    contenders[0] = of(permits);
    return summary(state, let_contend(workers, contenders), 1, "all_permits_ms", "one_permit_ms");
}

} // namespace

int main(int argc, char** argv) {
    bench::Program program(argc, argv);
    program.add("longest_wait/mutex", mutex);
    program.add("longest_wait/rw_mutex", rw_mutex);
    program.add("longest_wait/semaphore", semaphore);
    return program.run();
}

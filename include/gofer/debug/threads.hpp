// The runtimes and their threads, for a report: which goroutine runs where, and how many have not started.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <sys/types.h>

#include <gofer/debug/mapped.hpp>
#include <gofer/sched/monitor.hpp>

namespace gofer::inline v1::debug {

/// A view of the registry of runtimes, taken once. No more than it has room for, and nothing when there is no memory; not of
/// the heap.
class Threads {
public:
    /// Without the registry's lock after `patience_ns`: then nothing is known.
    explicit Threads(std::int64_t patience_ns) noexcept {
        const base::EngineRegion engine;
        if (!rows_.get()) return;
        Rows& rows = *rows_.get();
        known_ = sched::Monitor::instance().try_for_each(patience_ns, [&](sched::Scheduler& s) {
            if (homes_ < rows.home.size()) rows.home[homes_++] = {&s, s.live(), 0};
            for (auto& w : s.workers) {
                if (workers_ < rows.worker.size())
                    rows.worker[workers_++] = {w.get(), w->index, w->tid};
                else
                    left_out_ = true;
            }
        });
    }

    struct Row {
        const void* worker;
        unsigned index;
        pid_t tid;
    };
    const Row* find(const void* worker) const noexcept {
        for (std::size_t i = 0; i < workers_; ++i)
            if (const Row& row = rows_.get()->worker[i]; row.worker == worker) return &row;
        return nullptr;
    }
    /// Whether find() knows every worker.
    bool complete() const noexcept { return known_ && !left_out_; }
    /// A goroutine of this runtime was seen. False: the runtime has ended, and the goroutine is abandoned.
    bool count_seen(const void* home) noexcept {
        for (std::size_t i = 0; i < homes_; ++i) {
            Home& known = rows_.get()->home[i];
            if (known.home != home) continue;
            ++known.seen;
            return true;
        }
        return !known_ || homes_ == rows_.get()->home.size();
    }
    /// Goroutines that are queued and have no stack yet; about, when something runs.
    std::uint64_t not_started() const noexcept {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < homes_; ++i)
            if (const Home& known = rows_.get()->home[i]; known.live > known.seen) sum += known.live - known.seen;
        return sum;
    }

private:
    struct Home {
        const void* home;
        std::uint64_t live;
        std::uint64_t seen;
    };

    struct Rows {
        std::array<Home, 64> home{};
        std::array<Row, 512> worker{};
    };

    Mapped<Rows> rows_;
    std::size_t homes_ = 0;
    std::size_t workers_ = 0;
    bool known_ = false;
    bool left_out_ = false; // a worker
};

} // namespace gofer::inline v1::debug

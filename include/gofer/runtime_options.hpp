// Options and statistics of a runtime.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <gofer/sched/default_scheduler.hpp>

namespace gofer::inline v1 {

/// What becomes of goroutines that are still parked when `run` ends and the grace is over.
enum class Leaks {
    abandon, ///< never resumed; nothing they hold is touched, as in Go
    unwind,  ///< the parking call throws gofer::Unwind, so that destructors run: for goroutines that own all they use
    abort,   ///< a fatal error
};

/// What happens when nothing in the process can ever wake anybody: a fatal error, a report on stderr, or nothing.
enum class Deadlock { abort, report, ignore };

/// A Deadlock, and whether it was said or left as it was. Left: `abort`, but a report where the process has threads that
/// have never called the library, since they may be about to.
class DeadlockOption {
public:
    constexpr DeadlockOption() noexcept = default;
    constexpr DeadlockOption(Deadlock chosen) noexcept : value_(chosen), said_(true) {} // NOLINT: a Deadlock is one
    constexpr operator Deadlock() const noexcept { return value_; }                     // NOLINT
    constexpr bool said() const noexcept { return said_; }

private:
    Deadlock value_ = Deadlock::abort;
    bool said_ = false;
};

/// Options of a Runtime. Designators in this order.
struct RuntimeOptions {
    /// Worker threads; 0: $GOFER_MAXPROCS, else the CPUs this process may use (affinity, cgroup quota). That many
    /// goroutines run at a time, not counting those that hold a thread for over about 10 ms without parking: for them
    /// stand-ins take over, up to twice as many again (16 at least). So one worker is no mutual exclusion. 65,536 at most.
    unsigned workers{0};
    /// Bytes of stack reserved for a goroutine; committed as it grows. Rounded up to a power of two, 16 KB at least, 2 TB
    /// at most.
    std::size_t stack_size{sched::default_stack_size};
    /// How long goroutines that are left at the end of `run` are waited for; less when nothing can wake them. If it is
    /// over 50 ms, and some are left after 5 ms, all threads of the process may be stopped once, for 50 ms at most, to
    /// find out whether anybody can, as find_leaked_goroutines does (gofer/dump.hpp; see there what other threads may
    /// notice). With 50 ms or less they never are.
    std::chrono::milliseconds shutdown_grace{100};
    Leaks leaks{};
    /// Judged over the whole process. If runtimes that are concerned differ, the mildest counts.
    DeadlockOption deadlock{};
    /// A goroutine that runs for so long without parking or yielding is named on stderr, once each time; 0: as
    /// $GOFER_LONG_RUN says (milliseconds), else nobody is. Exact to about five milliseconds.
    std::chrono::milliseconds long_run{0};
};

/// Counters of a runtime. Each is exact by itself; they are not read at one instant.
struct RuntimeStats {
    std::uint64_t goroutines = 0;         ///< started or queued, not yet ended
    std::uint64_t goroutines_started = 0; ///< since the runtime began
    std::uint64_t parked = 0;
    std::uint64_t runnable = 0; ///< in a queue
    std::uint64_t workers = 0;
    std::uint64_t steals = 0;  ///< goroutines taken from another worker
    std::uint64_t parks = 0;   ///< blocking calls that parked
    std::uint64_t wakeups = 0; ///< sleeping workers woken
    std::uint64_t stacks = 0;  ///< of the process, in use or pooled
    std::uint64_t stack_bytes = 0; ///< address space reserved for them
    std::uint64_t rescues = 0; ///< times a stand-in was called for a worker stuck in one goroutine
};

} // namespace gofer::inline v1

// Goroutines that nobody can wake any more while the program goes on: leaked, and proven to be.
//
// A goroutine is woken by an operation on what it is parked on, and whoever is to make one has to get at that object:
// by a pointer that stands somewhere, in a handle or bare. So at a standstill (standstill.hpp) all memory of the
// process is searched for words that point to it: heap, globals, stacks and registers of threads, stacks of goroutines
// that run or are ready (memory.hpp). What is not searched is what we set out to doubt: the frames of the suspects,
// which are the parked goroutines, and the wait lists in the channels they are parked on. A word that points to such a
// channel, or anywhere into a suspect's frames, clears it; whoever is parked on a cleared channel is cleared too; and a
// cleared goroutine's frames are searched like the rest. Those left when nothing more can be cleared are known to each
// other only, cycles included.
//
// Why it cannot accuse anybody wrongly: every error of the search is on the side of clearing. A number that looks like
// a pointer, a stale word in freed memory or in a dead slot of a live frame clears; a block of the heap is searched
// though nothing may point to it. (Counting instead how many of a channel's handles lie in frames of suspects would
// prove nothing: a stale word counts as a handle then, and a reference to a handle, as a lambda captures it by &, is in
// no count.) A suspect's own frames alone may hold what it waits on if that is no counted object: a Mutex, a WaitGroup.
// A pointer to the object that it is part of need not point to the object, so anywhere else it clears. The end of a
// runtime wakes those of another one who wait for what its goroutines leave behind (a Future without a value, what
// destructors do when it unwinds). So what a suspect of one runtime knows clears suspects of another. No suspects: who
// has a deadline or a context, waits for a timer, sleeps, sits in blocking code, has been claimed by a partner.
//
// What the search cannot see, as no leak checker can: a pointer to a handle in a frame, or to a channel itself, that is kept
// only outside of the process's memory or encoded: in the kernel (but the data of epoll and of timers is looked at, and
// where io_uring or kernel AIO is in use there is no verdict), in a pipe, in another process, xor'ed with something.
//
// The handles help it along by forgetting their channel when they are destroyed or moved from (chan/handle.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <new>
#include <pthread.h>
#include <sys/mman.h>
#include <vector>

#include <gofer/base/spin_lock.hpp>
#include <gofer/debug/search.hpp>
#include <gofer/sched/fork.hpp>
#include <gofer/sched/monitor.hpp>
#include <gofer/sched/this_worker.hpp>

namespace gofer::inline v1::debug {

/// What came of a search.
struct Findings {
    const char* obstacle = nullptr; // why nothing is known; null: it is judged
    std::vector<Orphan> orphans; // by id

    const Orphan* find(std::uint64_t id) const noexcept {
        const auto at = std::lower_bound(orphans.begin(), orphans.end(), id,
                                         [](const Orphan& o, std::uint64_t i) { return o.id < i; });
        return at != orphans.end() && at->id == id ? &*at : nullptr;
    }
};

[[gnu::visibility("default")]] inline base::SpinLock& search_lock() noexcept {
    static base::SpinLock lock;
    return lock;
}
/// One search at a time. `held` is false when the other one was not over in time.
struct SearchTurn {
    explicit SearchTurn(std::int64_t until) noexcept {
        constexpr timespec pause{0, 100'000};
        while (!(held = search_lock().try_lock()) && base::now_ns() < until) ::nanosleep(&pause, nullptr);
    }
    ~SearchTurn() {
        if (held) search_lock().unlock();
    }
    SearchTurn(const SearchTurn&) = delete;
    SearchTurn& operator=(const SearchTurn&) = delete;

    bool held = false;
};

/// A search, and memory for it that the search leaves out. Null when the system gives none.
class SearchSpace {
public:
    explicit SearchSpace(std::int64_t until) noexcept {
        std::size_t stacks = 0;
        task::stack_pools().for_each([&stacks](const task::Goroutine&) { ++stacks; });
        // What is not used is not there, unless the system counts it all the same.
        for (const std::size_t room : {16 * stacks + 65536, 4 * stacks + 4096}) {
            bytes_ = sizeof(Search) + Search::bytes(room);
            constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
            memory_ = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, flags, -1, 0);
            if (memory_ == MAP_FAILED) continue;
            search_ = ::new (memory_) Search(room, static_cast<char*>(memory_) + sizeof(Search), until);
            search_->leave_out(memory_, bytes_);
            return;
        }
    }
    ~SearchSpace() {
        if (search_) search_->~Search();
        if (memory_ != MAP_FAILED) ::munmap(memory_, bytes_);
    }
    SearchSpace(const SearchSpace&) = delete;
    SearchSpace& operator=(const SearchSpace&) = delete;

    Search* get() noexcept { return search_; }

private:
    void* memory_ = MAP_FAILED;
    std::size_t bytes_ = 0;
    Search* search_ = nullptr;
};

/// The dead part of the calling thread's stack, where that is no goroutine's: what we have done so far stands there.
inline void leave_out_own(Search& search, std::uintptr_t own) noexcept {
    pthread_attr_t attributes;
    if (sched::this_goroutine_record() || ::pthread_getattr_np(::pthread_self(), &attributes) != 0) return;
    void* bottom = nullptr;
    std::size_t size = 0;
    if (::pthread_attr_getstack(&attributes, &bottom, &size) == 0) {
        const auto at = reinterpret_cast<std::uintptr_t>(bottom);
        if (Range{at, at + size}.holds(own)) search.leave_out(bottom, own - at);
    }
    ::pthread_attr_destroy(&attributes);
}

[[gnu::noinline, gnu::cold]] inline bool search_at_standstill(Search& search) noexcept {
    constexpr const char* never_still = "the threads of this process could not be stopped (ptrace is not allowed, a "
                                        "debugger is attached, or one did not stop in time)";
    const auto own = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    leave_out_own(search, own);
    if (search.rest() <= 0) return search.give_up(Search::too_late);
    Standstill still(search.rest());
    if (!still.holds()) return search.give_up(never_still);
    search.leave_out(still.memory(), still.memory_size());
    const bool judged = search.run(still, own);
    return still.over() ? judged : search.give_up(Search::too_late);
}

/// Looks at the whole process and calls `consume(Search&)` when there is a verdict; what that throws goes on to the
/// caller. Else it returns why there is none. All other threads stand still for the search, up to two seconds for each
/// gigabyte that is in use. One at a time; any thread. After `limit_ns`, waiting for another's search included, it is
/// given up.
template <class Consume>
[[gnu::noinline, gnu::cold]] const char* search_process(std::int64_t limit_ns, Consume consume) {
    // The child has no other threads, whose registers and stacks would be missing, and who may have held the lock.
    if (sched::forked().load(std::memory_order_relaxed)) return "this process is a child of fork";
    const base::EngineRegion engine;
    const std::int64_t until = base::deadline_after(limit_ns);
    const SearchTurn turn(until);
    if (!turn.held) return "another search is not over yet";
    SearchSpace space(until);
    Search* search = space.get();
    if (!search) return "there is no memory for it";
    sched::Monitor::instance().for_each([search](const sched::Scheduler& s) { search->add_home(&s); });
    if (sched::Worker* w = sched::this_worker()) w->forget_departed();
    __builtin_unwind_init(); // what the caller has in registers goes to the stack
    if (!search_at_standstill(*search)) return search->obstacle();
    consume(*search);
    return nullptr;
}

inline constexpr std::int64_t longest_search_asked_for = 10'000'000'000; // ns

/// All of them. Throws std::bad_alloc.
[[gnu::noinline, gnu::cold]] inline Findings find_orphans(std::int64_t limit_ns = longest_search_asked_for) {
    Findings findings;
    findings.obstacle = search_process(limit_ns, [&findings](Search& search) {
        search.for_each_orphan([&findings](const Orphan& o) { findings.orphans.push_back(o); });
    });
    std::sort(findings.orphans.begin(), findings.orphans.end(),
              [](const Orphan& a, const Orphan& b) { return a.id < b.id; });
    return findings;
}

/// How many of that runtime's there are. Allocates nothing, throws nothing. False: nothing is known.
[[gnu::noinline, gnu::cold]] inline bool count_orphans(const sched::Scheduler& s, std::int64_t limit_ns,
                                                       std::size_t& count) noexcept {
    return !search_process(limit_ns, [&](Search& search) { count = search.orphans_of(&s); });
}

} // namespace gofer::inline v1::debug

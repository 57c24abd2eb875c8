// Goroutines that nobody can wake any more while the program goes on: leaked, and proven to be.
//
// A goroutine is woken by an operation on what it is parked on, and whoever is to make one has to get at that object: by a
// pointer that stands somewhere, in a handle or bare. So at a standstill (standstill.hpp) all memory of the process is
// searched for words that point to it: heap, globals, stacks and registers of threads, stacks of goroutines that run or
// are ready (memory.hpp). What is not searched is what we set out to doubt: the frames of the suspects, which are the
// parked goroutines, and the wait lists in the channels they are parked on. A word that points to such a channel, or
// anywhere into a suspect's frames, clears it; whoever is parked on a cleared channel is cleared too; and a cleared goroutine's
// frames are searched like the rest. Those left when nothing more can be cleared are known to each other only, cycles included.
//
// Why it cannot accuse anybody wrongly: every error of the search is on the side of clearing. A number that looks like a
// pointer, a stale word in freed memory or in a dead slot of a live frame clears; a block of the heap is searched though
// nothing may point to it. (Counting instead how many of a channel's handles lie in frames of suspects would prove nothing: a
// stale word counts as a handle then, and a reference to a handle, as a lambda captures it by &, is in no count.)
// A suspect's own frames alone may hold what it waits on if that is no counted object: a Mutex, a WaitGroup. A pointer to the
// object that it is part of need not point to the object, so anywhere else it clears.
// The end of a runtime wakes those of another one who wait for what its goroutines leave behind (a Future without a value, what
// destructors do when it unwinds). So what a suspect of one runtime knows clears suspects of another.
// No suspects: who has a deadline or a context, waits for a timer, sleeps, sits in blocking code, has been claimed by a partner.
//
// What the search cannot see, as no leak checker can: a pointer to a handle in a frame, or to a channel itself, that is kept
// only outside of the process's memory or encoded: in the kernel (but epoll's data is looked at, and where io_uring or
// kernel AIO is in use there is no verdict), in a pipe, in another process, xor'ed with something.
//
// The handles help it along by forgetting their channel when they are destroyed or moved from (chan/handle.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <new>
#include <pthread.h>
#include <vector>

#include <gofer/base/spin_lock.hpp>
#include <gofer/debug/inspector.hpp>
#include <gofer/debug/memory.hpp>
#include <gofer/debug/standstill.hpp>
#include <gofer/fiber/frames.hpp>
#include <gofer/sched/monitor.hpp>
#include <gofer/sched/this_worker.hpp>
#include <gofer/sync/future.hpp>
#include <gofer/task/goroutine.hpp>

// For what reads frames that are not its own, at a standstill.
#define GOFER_SEARCHES __attribute__((no_sanitize("address", "thread")))

namespace gofer::inline v1::debug {

/// One of them, as values.
struct Orphan {
    const void* home = nullptr;
    static constexpr unsigned companions_named = 4;

    std::uint64_t id = 0;
    unsigned companions = 0; // other orphans whose frames know what it waits on
    std::uint64_t companion[companions_named] = {};
};

/// One search: who is suspected, and who is left of them. Lies in memory of its own, which is not searched.
class Search {
public:
    Search(std::size_t room, void* memory) noexcept : room_(room) {
        auto* at = static_cast<char*>(memory);
        nodes_ = reinterpret_cast<Node*>(at);
        waits_ = reinterpret_cast<Wait*>(at + room * sizeof(Node));
        work_ = reinterpret_cast<std::uint32_t*>(at + room * (sizeof(Node) + sizeof(Wait)));
    }
    static std::size_t bytes(std::size_t room) noexcept {
        return room * (sizeof(Node) + sizeof(Wait) + sizeof(std::uint32_t));
    }

    void leave_out(const void* begin, std::size_t size) noexcept {
        const auto first = reinterpret_cast<std::uintptr_t>(begin);
        if (left_out_ == most_left_out) overflow_ = true;
        if (!overflow_) out_[left_out_++] = {first, first + size};
    }
    void add_home(const void* home) noexcept {
        if (homes_ < most_homes) home_[homes_++] = home;
    }

    /// At a standstill. `own` is where the frames of the caller begin that are searched. False: no verdict.
    GOFER_SEARCHES bool run(const Standstill& still, std::uintptr_t own) noexcept {
        if (!can_search) return false;
        find_suspects();
        if (overflow_) return false;
        arrange();
        note_free_records(still);
        const bool all = done() || (search_stacks(still, own) && search_registers(still) &&
                                    search_memory(still) && search_kernel());
        if (!done() && !all) return false;
        while (homes_ > 1 && clear_across_runtimes()) clear_marked();
        note_companions();
        return true;
    }

    /// Afterwards.
    template <class Visit>
    void for_each_orphan(Visit visit) {
        std::sort(waits_, waits_ + all_waits_,
                  [](const Wait& a, const Wait& b) { return a.waiter < b.waiter; });
        std::size_t w = 0;
        for (std::size_t i = 0; i < size_; ++i) {
            const Node& n = nodes_[i];
            if (!is_orphan(n)) continue;
            while (w < all_waits_ && waits_[w].waiter < i) ++w;
            Orphan o;
            o.id = n.id;
            o.home = n.goroutine->home;
            for (; w < all_waits_ && waits_[w].waiter == i; ++w) {
                if (waits_[w].on == none) continue;
                const Node& on = nodes_[waits_[w].on];
                for (unsigned k = 0; k < on.knowers; ++k) add_companion(o, on.knower[k]);
            }
            visit(o);
        }
    }
    std::size_t suspects() const noexcept { return suspects_; }

private:
    static constexpr std::uint32_t none = static_cast<std::uint32_t>(-1);
    static constexpr std::size_t most_left_out = 1024, most_homes = 1024;
    static constexpr unsigned knowers_kept = Orphan::companions_named + 1;

    /// Something a word may point to: a suspect's frames, or a counted object that one waits on.
    struct Node {
        std::uintptr_t begin, end;
        std::uintptr_t searched_from; // what of it may be the program's; before that is our own bookkeeping
        const task::Goroutine* goroutine; // whose frames; null: an object
        std::uint64_t id;
        std::uint32_t first_wait; // of those who wait on it
        bool cleared;
        bool
            hopeless; // waits on nothing that there is, a nil channel; its frames may be somebody's all the same
        unsigned knowers;
        std::uint64_t knower[knowers_kept];
    };
    struct Wait {
        std::uintptr_t object;
        std::uintptr_t frames; // of who waits
        std::uint32_t on, waiter;
    };

    static bool is_orphan(const Node& n) noexcept { return n.goroutine && (!n.cleared || n.hopeless); }

    // ---- suspects

    void find_suspects() noexcept {
        task::stack_pools().for_each([this](const task::Goroutine& g) {
            const void* context = g.context.load(std::memory_order_relaxed);
            if (!overflow_ && context && may_be_suspected(g))
                suspect(g, reinterpret_cast<std::uintptr_t>(context));
        });
    }
    bool may_be_suspected(const task::Goroutine& g) const noexcept {
        if (g.state.load(std::memory_order_relaxed) != task::State::parked ||
            g.running.load(std::memory_order_acquire))
            return false;
        return g.episode && std::find(home_, home_ + homes_, g.home) != home_ + homes_ &&
               static_cast<const wait::Episode*>(g.episode)->awaits_partner();
    }
    void suspect(const task::Goroutine& g, std::uintptr_t context) noexcept {
        if (size_ + 2 > room_ || all_waits_ + 1 > room_) {
            overflow_ = true;
            return;
        }
        const std::size_t nodes = size_, waits = all_waits_;
        Node& frames = add_node(context, first_context_of(g), context);
        frames.goroutine = &g;
        frames.id = g.id;
        if (add_waits(g, context)) {
            ++suspects_;
            nodes_[nodes].hopeless = all_waits_ == waits;
        } else {
            size_ = nodes;
            all_waits_ = waits;
        }
    }
    /// What the loop was first entered by, and is still named by on the stack of its thread. Between it and the record is nothing
    /// but the loop's own frame.
    static std::uintptr_t first_context_of(const task::Goroutine& g) noexcept {
        constexpr std::uintptr_t made_by_boost = 64; // and more on other processors than x86_64
        return reinterpret_cast<std::uintptr_t>(&g) / 16 * 16 - made_by_boost;
    }
    Node& add_node(std::uintptr_t begin, std::uintptr_t end, std::uintptr_t searched_from) noexcept {
        Node& n = nodes_[size_++];
        n = {begin, end, searched_from, nullptr, 0, none, false, false, 0, {}};
        return n;
    }
    /// False: it may be woken by something that is not an object of the program's.
    bool add_waits(const task::Goroutine& g, std::uintptr_t frames) noexcept {
        using enum task::WaitReason;
        switch (g.reason.load(std::memory_order_relaxed)) {
        case nil_receive:
        case nil_send:
        case empty_select:
            return true;
        case receive:
        case send:
            return add_channel(g.waits_on, frames);
        case future:
            return add_event(g.waits_on, frames);
        case wait_group:
        case mutex:
        case read_lock:
        case write_lock:
        case cond:
        case once:
        case semaphore:
        case barrier:
        case err_group:
            return add_wait(g.waits_on, frames);
        case select: {
            bool known = true;
            Inspector::for_each_case(g.waits_on, [&](const chan::CaseBase& c) {
                if (c.by_clock) known = false;
                if (const void* channel = c.lock_address()) known = known && add_channel(channel, frames);
                if (const void* event = c.awaited_event()) known = known && add_event(event, frames);
            });
            return known;
        }
        default:
            return false;
        }
    }
    // All of a core is our own but what its buffer holds, which lies elsewhere. The type of its values changes nothing in it.
    bool add_channel(const void* core, std::uintptr_t frames) noexcept {
        constexpr std::size_t size = sizeof(chan::ChannelCore<int>);
        return add_object(core, size, size, frames);
    }
    bool add_event(const void* event, std::uintptr_t frames) noexcept {
        return add_object(event, sizeof(sync::FutureState<void>), sizeof(wait::Event), frames);
    }
    bool add_object(const void* object, std::size_t size, std::size_t own, std::uintptr_t frames) noexcept {
        const auto at = reinterpret_cast<std::uintptr_t>(object);
        if (size_ < room_) add_node(at, at + size, at + own);
        return add_wait(object, frames);
    }
    bool add_wait(const void* object, std::uintptr_t frames) noexcept {
        if (size_ == room_ || all_waits_ == room_) {
            overflow_ = true;
            return false;
        }
        waits_[all_waits_++] = {reinterpret_cast<std::uintptr_t>(object), frames, none, none};
        return true;
    }

    /// Sorts everything by address, finds who waits on what, and clears who waits on what we know too little of.
    void arrange() noexcept {
        std::sort(nodes_, nodes_ + size_, [](const Node& a, const Node& b) { return a.begin < b.begin; });
        size_ = static_cast<std::size_t>(
            std::unique(nodes_, nodes_ + size_,
                        [](const Node& a, const Node& b) { return a.begin == b.begin; }) -
            nodes_);
        for (std::size_t i = 0; i < size_; ++i) {
            Range& hull = nodes_[i].goroutine ? frames_ : objects_;
            hull.begin = std::min(hull.begin, nodes_[i].begin);
            hull.end = std::max(hull.end, nodes_[i].end);
        }
        for (std::size_t i = 0; i < all_waits_; ++i) {
            Wait& w = waits_[i];
            w.on = find(w.object);
            w.waiter = find(w.frames);
            if (w.on == none) clear(w.waiter);
        }
        std::sort(waits_, waits_ + all_waits_, [](const Wait& a, const Wait& b) { return a.on < b.on; });
        for (std::size_t i = all_waits_; i-- > 0;)
            if (waits_[i].on != none) nodes_[waits_[i].on].first_wait = static_cast<std::uint32_t>(i);
    }
    GOFER_SEARCHES std::uint32_t find(std::uintptr_t at) const noexcept {
        std::size_t low = 0, high = size_;
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            if (nodes_[middle].begin <= at)
                low = middle + 1;
            else
                high = middle;
        }
        return low > 0 && at < nodes_[low - 1].end ? static_cast<std::uint32_t>(low - 1) : none;
    }

    // ---- clearing

    GOFER_SEARCHES void clear(std::uint32_t node) noexcept {
        if (nodes_[node].cleared) return;
        nodes_[node].cleared = true;
        work_[pending_++] = node;
    }
    GOFER_SEARCHES void clear_marked() noexcept {
        while (pending_ > 0) {
            const std::uint32_t node = work_[--pending_];
            const Node& n = nodes_[node];
            if (n.goroutine) {
                --suspects_;
                search_frames(n.begin, reinterpret_cast<std::uintptr_t>(n.goroutine));
            }
            for (std::size_t w = n.first_wait; w < all_waits_ && waits_[w].on == node; ++w)
                clear(waits_[w].waiter);
        }
    }
    /// `words` is a copy of what stands at `at`, or it itself.
    GOFER_SEARCHES void search_words(const std::uintptr_t* words, std::uintptr_t at,
                                     std::size_t count) noexcept {
        const volatile std::uintptr_t* word = words;
        for (std::size_t i = 0; i < count; ++i) {
            const std::uintptr_t w = word[i];
            if (!frames_.holds(w) && !objects_.holds(w)) continue;
            const std::uint32_t node = find(w);
            if (node == none || nodes_[node].cleared) continue;
            const std::uint32_t source = find(at + i * sizeof w);
            if (source != none && at + i * sizeof w < nodes_[source].searched_from) continue; // a wait list
            if (is_in_free_record(at + i * sizeof w)) continue;
            clear(node);
        }
    }
    /// True: there is somebody new.
    GOFER_SEARCHES bool clear_across_runtimes() noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            if (!nodes_[i].goroutine || nodes_[i].cleared) continue;
            for_each_known(nodes_[i], [&](std::uint32_t known) {
                for (std::size_t w = nodes_[known].first_wait; w < all_waits_ && waits_[w].on == known; ++w)
                    if (nodes_[waits_[w].waiter].goroutine->home != nodes_[i].goroutine->home)
                        clear(waits_[w].waiter);
            });
        }
        return pending_ > 0;
    }
    /// Each node that a suspect's frames point to.
    template <class Visit>
    GOFER_SEARCHES void for_each_known(const Node& frames, Visit visit) noexcept {
        const auto* word = reinterpret_cast<const volatile std::uintptr_t*>(frames.begin);
        for (std::size_t k = 0; k < (frames.end - frames.begin) / sizeof *word; ++k) {
            const std::uintptr_t w = word[k];
            if (!frames_.holds(w) && !objects_.holds(w)) continue;
            if (const std::uint32_t known = find(w); known != none) visit(known);
        }
    }
    GOFER_SEARCHES bool done() noexcept {
        clear_marked();
        return suspects_ == 0;
    }

    // ---- memory that is nobody's at the moment

    // The records that goroutines are started by: what is left of a closure that was moved out of one stands there until the
    // next comes. As far as it is sure that nobody takes one at this moment.
    void note_free_records(const Standstill& still) noexcept {
        const auto note_one = [this](const void* record, std::size_t bytes) {
            const auto at = reinterpret_cast<std::uintptr_t>(record);
            if (free_records_ < most_free_records) free_[free_records_++] = {at, at + bytes};
        };
        const sched::Worker* own = sched::this_worker();
        sched::Monitor::instance().try_for_each(0, [&](const sched::Scheduler& s) {
            for (const auto& w : s.workers) {
                const Standstill::Thread* t = still.find(w->tid);
                if (w.get() == own || w->exited.load(std::memory_order_acquire) || (t && t->in_system_call))
                    w->records.for_each_free(note_one);
            }
        });
        task::RecordDepot::instance().try_for_each_free(note_one);
        std::sort(free_, free_ + free_records_,
                  [](const Range& a, const Range& b) { return a.begin < b.begin; });
    }
    bool is_in_free_record(std::uintptr_t at) const noexcept {
        const Range* next = std::upper_bound(free_, free_ + free_records_, at,
                                             [](std::uintptr_t a, const Range& r) { return a < r.begin; });
        return next != free_ && next[-1].holds(at);
    }

    // ---- where it is searched

    GOFER_SEARCHES bool search_registers(const Standstill& still) noexcept {
        for (const auto* t = still.begin_threads(); t != still.end_threads(); ++t)
            if (!idle_[t - still.begin_threads()])
                search_words(reinterpret_cast<const std::uintptr_t*>(t->registers), 0,
                             t->size / sizeof(std::uintptr_t));
        return true;
    }

    static constexpr std::uintptr_t red_zone = 128;

    /// Goroutines' stacks, from where they are in use: they are left out of the rest.
    GOFER_SEARCHES bool search_stacks(const Standstill& still, std::uintptr_t own) noexcept {
        bool good = true;
        const auto& pools = task::stack_pools();
        for (unsigned c = 0; c < task::StackPools::classes; ++c)
            pools.slab(c).for_each_chunk([this](const char* begin, const char* end) {
                leave_out(begin, static_cast<std::size_t>(end - begin));
            });
        pools.for_each([&](const task::Goroutine& g) { good = good && search_stack(g, still, own); });
        return good;
    }
    GOFER_SEARCHES bool search_stack(const task::Goroutine& g, const Standstill& still,
                                     std::uintptr_t own) noexcept {
        const auto end = reinterpret_cast<std::uintptr_t>(&g);
        const auto context = reinterpret_cast<std::uintptr_t>(g.context.load(std::memory_order_relaxed));
        if (const std::uint32_t node = context ? find(context) : none;
            node != none && nodes_[node].goroutine == &g)
            return true;
        const bool vacant = g.state.load(std::memory_order_relaxed) == task::State::vacant;
        if (!g.running.load(std::memory_order_relaxed)) {
            if (!vacant && context)
                search_frames(context, end); // a loop between two goroutines has nothing of theirs
            return true;
        }
        const Range stack{reinterpret_cast<std::uintptr_t>(g.bottom), end};
        if (stack.holds(own)) return search_frames(own, end), true;
        for (const auto* t = still.begin_threads(); t != still.end_threads(); ++t)
            if (stack.holds(t->stack_pointer)) {
                // A worker without work. What its loop has to do with channels (contexts that time out) it does by way of the heap.
                if (vacant && t->sleeps) return idle_[t - still.begin_threads()] = true;
                return search_frames(std::max(stack.begin, t->stack_pointer - red_zone), end), true;
            }
        return search_range({stack, true, false, false, false},
                            stack); // it is just being entered, or in a handler
    }
    GOFER_SEARCHES void search_frames(std::uintptr_t begin, std::uintptr_t end) noexcept {
        begin = begin / sizeof begin * sizeof begin;
        search_words(reinterpret_cast<const std::uintptr_t*>(begin), begin, (end - begin) / sizeof begin);
    }

    GOFER_SEARCHES bool search_memory(const Standstill& still) noexcept {
        if (!memory_.good()) return false;
        Lines maps("/proc/self/maps");
        while (const char* line = maps.next()) {
            if (std::strstr(line, "/[aio]")) return false; // see search_kernel()
            Mapping m = Mapping::parse(line);
            if (m.kernels || is_shadow(m.range)) continue;
            if (m.main_stack) skip_unused(m.range, still);
            if (!search_mapping(m)) return suspects_ == 0;
        }
        return maps.good();
    }
    // Of a sanitizer: terabytes of address space, and nothing of the program's. As the compilers lay it out on x86_64.
#if defined(GOFER_TSAN)
    static bool is_shadow(const Range& r) noexcept {
        return !(r.begin < 0x8000000000 || (r.begin >= 0x550000000000 && r.begin < 0x568000000000) ||
                 (r.begin >= 0x7b0000000000 && r.begin < 0x7c0000000000) || r.begin >= 0x7e8000000000);
    }
#elif defined(GOFER_ASAN)
    static bool is_shadow(const Range& r) noexcept {
        return r.begin >= 0x7fff8000 && r.end <= 0x10007fff8000;
    }
#else
    static bool is_shadow(const Range&) noexcept { return false; }
#endif
#if defined(__x86_64__) || !(defined(GOFER_TSAN) || defined(GOFER_ASAN))
    static constexpr bool can_search = true;
#else
    static constexpr bool can_search = false;
#endif

    static void skip_unused(Range& stack, const Standstill& still) noexcept {
        for (const auto* t = still.begin_threads(); t != still.end_threads(); ++t)
            if (t->tid == ::getpid() && stack.holds(t->stack_pointer - red_zone))
                stack.begin = t->stack_pointer - red_zone;
    }
    GOFER_SEARCHES bool search_mapping(const Mapping& m) noexcept {
        Range rest = m.range;
        while (rest.begin < rest.end) {
            Range part = rest;
            rest.begin = rest.end;
            for (std::size_t i = 0; i < left_out_; ++i) {
                const Range& out = out_[i];
                if (out.end <= part.begin || part.end <= out.begin) continue;
                if (out.begin <= part.begin) { // what is behind it comes next
                    rest.begin = std::max(std::min(out.end, m.range.end), part.begin);
                    part.end = part.begin;
                    break;
                }
                part.end = out.begin;
                rest.begin = out.begin;
            }
            if (part.begin < part.end && !search_range(m, part)) return false;
        }
        return true;
    }
    GOFER_SEARCHES bool search_range(const Mapping& m, Range range) noexcept {
        return memory_.for_each_block(m, range,
                                      [this](std::uintptr_t at, const std::uintptr_t* words, std::size_t n) {
                                          search_words(words, at, n);
                                          return !done();
                                      });
    }

    /// What was given to the kernel to be given back: the data of epoll. Other ways to do so are a reason not to judge.
    bool search_kernel() noexcept {
        const int folder = ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0) return false;
        bool good = true;
        for (long n; good && (n = ::syscall(SYS_getdents64, folder, entries_, sizeof entries_)) > 0;)
            for (long at = 0; at < n;) {
                std::uint16_t length = 0; // struct linux_dirent64: inode, offset, length, type, name
                std::memcpy(&length, entries_ + at + 16, sizeof length);
                good = good && search_file(entries_ + at + 19);
                at += length;
            }
        ::close(folder);
        return good;
    }
    bool search_file(const char* number) noexcept {
        char path[64], target[64];
        std::snprintf(path, sizeof path, "/proc/self/fd/%s", number);
        const long n = ::syscall(SYS_readlinkat, AT_FDCWD, path, target, sizeof target - 1);
        if (n <= 0) return true;
        target[n] = '\0';
        if (std::strstr(target, "[io_uring]")) return false;
        if (!std::strstr(target, "[eventpoll]")) return true;
        std::snprintf(path, sizeof path, "/proc/self/fdinfo/%s", number);
        Lines lines(path);
        while (const char* line = lines.next()) {
            const char* data = std::strstr(line, "data:");
            if (!data) continue;
            for (data += 5; *data == ' ' || *data == '\t';) ++data;
            const std::uintptr_t word = hex_number(data);
            search_words(&word, 0, 1);
        }
        return lines.good() && (done(), true);
    }

    // ---- the proof in words

    GOFER_SEARCHES void note_companions() noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            const Node& n = nodes_[i];
            if (is_orphan(n)) for_each_known(n, [&](std::uint32_t known) { note(nodes_[known], n.id); });
        }
    }
    GOFER_SEARCHES static void note(Node& n, std::uint64_t knower) noexcept {
        for (unsigned i = 0; i < n.knowers; ++i)
            if (n.knower[i] == knower) return;
        if (n.knowers < knowers_kept) n.knower[n.knowers++] = knower;
    }
    static void add_companion(Orphan& o, std::uint64_t id) noexcept {
        if (id == o.id) return;
        for (unsigned i = 0; i < std::min(o.companions, Orphan::companions_named); ++i)
            if (o.companion[i] == id) return;
        if (o.companions < Orphan::companions_named) o.companion[o.companions] = id;
        ++o.companions;
    }

    const std::size_t room_;
    Node* nodes_;
    Wait* waits_;
    std::uint32_t* work_;
    std::size_t size_ = 0;
    std::size_t all_waits_ = 0;
    std::size_t pending_ = 0;
    std::size_t suspects_ = 0;
    bool overflow_ = false;
    Range frames_{UINTPTR_MAX, 0}, objects_{UINTPTR_MAX, 0};
    Range out_[most_left_out];
    std::size_t left_out_ = 0;
    const void* home_[most_homes];
    std::size_t homes_ = 0;
    static constexpr std::size_t most_free_records = 65536;
    Range free_[most_free_records];
    std::size_t free_records_ = 0;
    bool idle_[Standstill::most_threads] = {}; // threads
    Memory memory_;
    alignas(8) char entries_[4096];
};

/// What came of a search.
struct Findings {
    bool judged = false;         // else nothing is known
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

[[gnu::noinline, gnu::cold]] inline bool search_at_standstill(Search& search,
                                                              std::int64_t limit_ns) noexcept {
    const auto own = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    leave_out_own(search, own);
    Standstill still(limit_ns);
    if (!still.holds()) return false;
    search.leave_out(still.memory(), still.memory_size());
    const bool judged = search.run(still, own);
    return still.over() && judged;
}

/// Looks at the whole process. All other threads stand still for that, up to two seconds for each gigabyte that is in use.
/// One at a time; any thread. After `limit_ns` it is given up.
[[gnu::noinline, gnu::cold]] inline Findings find_orphans(std::int64_t limit_ns = 10'000'000'000) {
    const base::EngineRegion engine;
    Findings findings;
    std::size_t stacks = 0;
    task::stack_pools().for_each([&stacks](const task::Goroutine&) { ++stacks; });
    const std::size_t room = 4 * stacks + 4096, bytes = sizeof(Search) + Search::bytes(room);
    void* memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return findings;
    {
        const std::lock_guard<base::SpinLock> guard(search_lock());
        auto& search = *::new (memory) Search(room, static_cast<char*>(memory) + sizeof(Search));
        search.leave_out(memory, bytes);
        sched::Monitor::instance().for_each([&search](const sched::Scheduler& s) { search.add_home(&s); });
        if (sched::Worker* w = sched::this_worker()) w->forget_departed();
        __builtin_unwind_init(); // what the caller has in registers goes to the stack
        findings.judged = search_at_standstill(search, limit_ns);
        if (findings.judged) search.for_each_orphan([&](const Orphan& o) { findings.orphans.push_back(o); });
        search.~Search();
    }
    ::munmap(memory, bytes);
    std::sort(findings.orphans.begin(), findings.orphans.end(),
              [](const Orphan& a, const Orphan& b) { return a.id < b.id; });
    return findings;
}

} // namespace gofer::inline v1::debug

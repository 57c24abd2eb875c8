// Who is suspected of being an orphan (orphans.hpp), what each waits on, and who is cleared: a graph whose nodes are
// the frames of the suspects and the objects they are parked on. A word that points to a node clears it, and what it clears
// follows from that. At a standstill; search.hpp says where words are looked at.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <gofer/debug/free_records.hpp>
#include <gofer/debug/inspector.hpp>
#include <gofer/debug/mapping.hpp>
#include <gofer/debug/time_limit.hpp>
#include <gofer/sync/future.hpp>
#include <gofer/task/goroutine.hpp>

// For what reads frames that are not its own, at a standstill.
#define GOFER_SEARCHES __attribute__((no_sanitize("address", "thread")))

namespace gofer::inline v1::debug {

/// One of them, as values.
struct Orphan {
    static constexpr unsigned companions_named = 4;

    const void* home = nullptr; // the scheduler it belongs to
    std::uint64_t id = 0;
    unsigned companions = 0; // other orphans whose frames know what it waits on
    std::uint64_t companion[companions_named] = {};
};

/// Lies in memory of its own, which is not searched.
class Suspects {
public:
    // Arrays, which are the same objects in every file: a literal need not be.
    static constexpr char too_late[] = "it could not be done in time";
    static constexpr char too_many[] = "too many goroutines wait, or for too many things";

    /// `memory` is of bytes(room). Given up at `until`, on the clock of base::now_ns.
    Suspects(std::size_t room, void* memory, std::int64_t until) noexcept : limit_(until), room_(room) {
        auto* at = static_cast<char*>(memory);
        nodes_ = reinterpret_cast<Node*>(at);
        waits_ = reinterpret_cast<Wait*>(at + room * sizeof(Node));
        work_ = reinterpret_cast<std::uint32_t*>(at + room * (sizeof(Node) + sizeof(Wait)));
    }
    static std::size_t bytes(std::size_t room) noexcept {
        return room * (sizeof(Node) + sizeof(Wait) + sizeof(std::uint32_t));
    }

    /// A runtime whose goroutines may be suspected; before the standstill.
    void add_home(const void* home) noexcept {
        if (homes_ < most_homes) home_[homes_++] = home;
    }

    /// Why there is no verdict; null: there is one, or no search has been made.
    const char* obstacle() const noexcept { return obstacle_; }
    /// False, for this reason, unless there is one already.
    bool give_up(const char* why) noexcept {
        if (!obstacle_) obstacle_ = why;
        return false;
    }
    std::int64_t rest() const noexcept { return limit_.rest(); }

    /// When all has been searched: how many are of that runtime.
    std::size_t orphans_of(const void* home) const noexcept {
        return static_cast<std::size_t>(std::count_if(
            nodes_, nodes_ + size_, [home](const Node& n) { return is_orphan(n) && n.home == home; }));
    }
    /// When all has been searched.
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
            o.home = n.home;
            for (; w < all_waits_ && waits_[w].waiter == i; ++w) {
                if (waits_[w].on == none) continue;
                const Node& on = nodes_[waits_[w].on];
                for (unsigned k = 0; k < on.knowers; ++k) add_companion(o, on.knower[k]);
            }
            visit(o);
        }
    }
    std::size_t suspects() const noexcept { return suspects_; }

protected:
    static constexpr std::uint32_t none = static_cast<std::uint32_t>(-1);
    static constexpr std::size_t most_homes = 1024;
    static constexpr unsigned knowers_kept = Orphan::companions_named + 1;

    /// Something a word may point to: a suspect's frames, or a counted object that one waits on.
    struct Node {
        std::uintptr_t begin, end;
        std::uintptr_t searched_from; // what of it may be the program's; before that is our own bookkeeping
        const task::Goroutine* goroutine; // whose frames; null: an object
        const void* home;
        std::uint64_t id;
        std::uint32_t first_wait; // of those who wait on it
        bool cleared;
        bool hopeless; // waits on nothing that there is, a nil channel; its frames may be somebody's all the same
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

    /// Follows pointers in frames that are not its own: while nobody can go on.
    bool find_suspects() noexcept {
        std::size_t looked_at = 0;
        task::stack_pools().for_each([&](const task::Goroutine& g) {
            if (overflow_ || limit_.was_passed() || (++looked_at % looked_at_once == 0 && limit_.passed())) return;
            const void* context = g.context.load(std::memory_order_relaxed);
            if (context && may_be_suspected(g)) suspect(g, reinterpret_cast<std::uintptr_t>(context));
        });
        if (overflow_) return give_up(too_many);
        return !limit_.was_passed() || give_up(too_late);
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
        frames.home = g.home;
        frames.id = g.id;
        if (add_waits(g, context)) {
            ++suspects_;
            nodes_[nodes].hopeless = all_waits_ == waits;
        } else {
            size_ = nodes;
            all_waits_ = waits;
        }
    }
    /// What the loop was first entered by, and is still named by on the stack of its thread. Between it and the record
    /// is nothing but the loop's own frame.
    static std::uintptr_t first_context_of(const task::Goroutine& g) noexcept {
        constexpr std::uintptr_t made_by_boost = 64; // and more on other processors than x86_64
        return reinterpret_cast<std::uintptr_t>(&g) / 16 * 16 - made_by_boost;
    }
    Node& add_node(std::uintptr_t begin, std::uintptr_t end, std::uintptr_t searched_from) noexcept {
        Node& n = nodes_[size_++];
        n = {begin, end, searched_from, nullptr, nullptr, 0, none, false, false, 0, {}};
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
    // All of a core is our own but what its buffer holds, which lies elsewhere. The type of its values changes nothing
    // in it.
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

    /// Sorts everything by address, finds who waits on what, and clears who waits on what we know too little of. False:
    /// there is no time for it.
    bool arrange() noexcept {
        constexpr std::int64_t for_each = 200; // ns, in a million
        if (!limit_.allows(static_cast<std::int64_t>(size_ + all_waits_) * for_each)) return give_up(too_late);
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
        return true;
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

    /// Whether it is, or was, a suspect. `context`: where its frames begin.
    GOFER_SEARCHES bool has_frames_of(const task::Goroutine& g, std::uintptr_t context) const noexcept {
        const std::uint32_t node = find(context);
        return node != none && nodes_[node].goroutine == &g;
    }

    // ---- clearing

    GOFER_SEARCHES void clear(std::uint32_t node) noexcept {
        if (nodes_[node].cleared) return;
        nodes_[node].cleared = true;
        work_[pending_++] = node;
    }
    /// Not all when the limit has passed.
    GOFER_SEARCHES void clear_marked() noexcept {
        while (pending_ > 0 && !limit_.passed()) {
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
            if (free_records_.holds(at + i * sizeof w)) continue;
            clear(node);
        }
    }
    /// True: there is somebody new.
    GOFER_SEARCHES bool clear_once_across_runtimes() noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            if (!nodes_[i].goroutine || nodes_[i].cleared) continue;
            if (limit_.passed()) return false;
            for_each_known(nodes_[i], [&](std::uint32_t known) {
                for (std::size_t w = nodes_[known].first_wait; w < all_waits_ && waits_[w].on == known; ++w)
                    if (nodes_[waits_[w].waiter].home != nodes_[i].home)
                        clear(waits_[w].waiter);
            });
        }
        return pending_ > 0;
    }
    GOFER_SEARCHES void clear_across_runtimes() noexcept {
        while (homes_ > 1 && clear_once_across_runtimes()) clear_marked();
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
    GOFER_SEARCHES void search_frames(std::uintptr_t begin, std::uintptr_t end) noexcept {
        begin = begin / sizeof begin * sizeof begin;
        search_words(reinterpret_cast<const std::uintptr_t*>(begin), begin, (end - begin) / sizeof begin);
    }

    // ---- the proof in words

    GOFER_SEARCHES void note_companions() noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            const Node& n = nodes_[i];
            if (!is_orphan(n) || limit_.passed()) continue;
            for_each_known(n, [&](std::uint32_t known) { note(nodes_[known], n.id); });
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

    static constexpr std::size_t looked_at_once = 256; // goroutines

    TimeLimit limit_;
    FreeRecords free_records_;
    bool overflow_ = false; // there is no room for all, and so no verdict

private:
    const char* obstacle_ = nullptr;
    const std::size_t room_;
    Node* nodes_;
    Wait* waits_;
    std::uint32_t* work_;
    std::size_t size_ = 0;
    std::size_t all_waits_ = 0;
    std::size_t pending_ = 0;
    std::size_t suspects_ = 0;
    Range frames_{UINTPTR_MAX, 0}, objects_{UINTPTR_MAX, 0};
    const void* home_[most_homes];
    std::size_t homes_ = 0;
};

} // namespace gofer::inline v1::debug

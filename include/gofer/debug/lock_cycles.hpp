// Goroutines that wait in a ring for each other's Mutex, or RWMutex that a writer has, spelled out. As far as owners are
// noted (sync/owner.hpp), and only for goroutines that are parked on a lock: each waits for one, and the address its
// owner left says on whose stack it was taken.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <gofer/debug/snapshot.hpp>

namespace gofer::inline v1::debug {

class LockCycles {
public:
    LockCycles() {
        for_each_goroutine([this](const Snapshot& s, const task::Goroutine& g) {
            if (s.parked() && is_lock(s.reason))
                waits_.push_back({s, live_part_of(g), reinterpret_cast<const char*>(&g), none});
        });
        std::sort(waits_.begin(), waits_.end(), [](const Wait& a, const Wait& b) { return a.who.id < b.who.id; });
        by_stack_.resize(waits_.size());
        std::iota(by_stack_.begin(), by_stack_.end(), std::size_t{0});
        std::sort(by_stack_.begin(), by_stack_.end(),
                  [this](std::size_t a, std::size_t b) { return waits_[a].high < waits_[b].high; });
        for (Wait& w : waits_) w.owner = owner_of(w.who);
    }

    /// `put(const base::Text&)` for each cycle.
    template <class Put>
    void write(Put put) {
        std::vector<std::size_t> walk(waits_.size(), none); // from where it was first reached
        for (std::size_t start = 0; start < waits_.size(); ++start) {
            std::size_t at = start;
            while (at != none && walk[at] == none) {
                walk[at] = start;
                at = waits_[at].owner;
            }
            if (at == none || walk[at] != start) continue;
            base::TextOf<2048> text;
            describe(text, at);
            put(text);
        }
    }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    struct Wait {
        Snapshot who;
        const char* low; // the stack that is in use
        const char* high;
        std::size_t owner; // of the lock it waits for
    };

    static const char* live_part_of(const task::Goroutine& g) noexcept {
        return static_cast<const char*>(g.context.load(std::memory_order_relaxed));
    }

    static bool is_lock(task::WaitReason reason) noexcept {
        using enum task::WaitReason;
        return reason == mutex || reason == read_lock || reason == write_lock;
    }

    std::size_t owner_of(const Snapshot& who) const noexcept {
        const auto* frame = static_cast<const char*>(Inspector::frame_of_owner(who.reason, who.waits_on));
        if (!frame) return none;
        const auto at = std::upper_bound(by_stack_.begin(), by_stack_.end(), frame,
                                         [this](const char* f, std::size_t i) { return f < waits_[i].high; });
        return at != by_stack_.end() && waits_[*at].low <= frame ? *at : none;
    }

    void describe(base::Text& text, std::size_t first) const noexcept {
        if (waits_[first].owner == first) {
            sched::add_who(text, waits_[first].who.id, waits_[first].who.name);
            add_held(text, waits_[first].who);
            return text.add(" and waits for it\n");
        }
        // In the order of who waits for whom: each holds what the one before it waits for.
        std::size_t last = one_before(first), waiter = first;
        do {
            sched::add_who(text, waits_[waiter].who.id, waits_[waiter].who.name);
            add_held(text, waits_[last].who);
            text.add(" and waits for %s %p", task::describe(waits_[waiter].who.reason), waits_[waiter].who.waits_on);
            last = waiter;
            waiter = waits_[waiter].owner;
            text.add(waiter == first ? "\n" : ",\n");
        } while (waiter != first);
    }
    /// What that one waits for is held by another, alone.
    static void add_held(base::Text& text, const Snapshot& waiter) noexcept {
        if (waiter.reason == task::WaitReason::mutex) return text.add(" holds Mutex %p", waiter.waits_on);
        text.add(" holds RWMutex %p for writing", waiter.waits_on);
    }
    /// The one in the same cycle that waits for what `at` holds.
    std::size_t one_before(std::size_t at) const noexcept {
        std::size_t before = at;
        while (waits_[before].owner != at) before = waits_[before].owner;
        return before;
    }

    std::vector<Wait> waits_; // by id
    std::vector<std::size_t> by_stack_;
};

} // namespace gofer::inline v1::debug

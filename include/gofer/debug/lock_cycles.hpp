// Goroutines that wait for each other's Mutex in a ring, spelled out. As far as owners are noted (sync/owner.hpp), and only
// for goroutines that are parked on a Mutex: each waits for one, and the address its owner left says on whose stack
// it was taken.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gofer/debug/snapshot.hpp>

namespace gofer::inline v1::debug {

class LockCycles {
public:
    LockCycles() {
        for_each_goroutine([this](const Snapshot& s, const task::Goroutine& g) {
            if (s.parked() && s.reason == task::WaitReason::mutex)
                waits_.push_back({s, live_part_of(g), reinterpret_cast<const char*>(&g), none});
        });
        std::sort(waits_.begin(), waits_.end(), [](const Wait& a, const Wait& b) { return a.who.id < b.who.id; });
        for (Wait& w : waits_) w.owner = owner_of(w.who.waits_on);
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
        std::size_t owner; // of the Mutex it waits for
    };

    static const char* live_part_of(const task::Goroutine& g) noexcept {
        return static_cast<const char*>(g.context.load(std::memory_order_relaxed));
    }

    std::size_t owner_of(const void* mutex) const noexcept {
        const auto* frame = static_cast<const char*>(Inspector::frame_of_owner(*static_cast<const Mutex*>(mutex)));
        for (std::size_t i = 0; frame && i < waits_.size(); ++i)
            if (waits_[i].low <= frame && frame < waits_[i].high) return i;
        return none;
    }

    void describe(base::Text& text, std::size_t first) const noexcept {
        if (waits_[first].owner == first) {
            sched::add_who(text, waits_[first].who.id, waits_[first].who.name);
            return text.add(" holds Mutex %p and waits for it\n", waits_[first].who.waits_on);
        }
        // In the order of who waits for whom: each holds what the one before it waits for.
        const void* last = waits_[one_before(first)].who.waits_on;
        std::size_t waiter = first;
        do {
            sched::add_who(text, waits_[waiter].who.id, waits_[waiter].who.name);
            text.add(" holds Mutex %p and waits for Mutex %p", last, waits_[waiter].who.waits_on);
            last = waits_[waiter].who.waits_on;
            waiter = waits_[waiter].owner;
            text.add(waiter == first ? "\n" : ",\n");
        } while (waiter != first);
    }
    /// The one in the same cycle that waits for what `at` holds.
    std::size_t one_before(std::size_t at) const noexcept {
        std::size_t before = at;
        while (waits_[before].owner != at) before = waits_[before].owner;
        return before;
    }

    std::vector<Wait> waits_;
};

} // namespace gofer::inline v1::debug

// Goroutines that are alike, counted together: started at the same place, doing the same, with the same stack. So a
// report of very many is short, and the stack is walked once for each kind.
//
// Fit for a signal handler: the memory is the system's, not the heap's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <sys/mman.h>

#include <gofer/debug/snapshot.hpp>
#include <gofer/fiber/frames.hpp>

namespace gofer::inline v1::debug {

/// The stack of a goroutine that is parked, and how to find out whether another one's is the same without walking it.
class ParkedStack {
public:
    fiber::Frames frames;

    /// `g` is held.
    GOFER_READS_STACKS void take(const task::Goroutine& g) noexcept {
        fiber::walk_suspended(frames, g);
        depth_ = depth_of(g);
        const std::uintptr_t* slot = words(g);
        const auto* end = reinterpret_cast<const std::uintptr_t*>(&g);
        for (unsigned i = 0; i < frames.count; ++i) {
            while (slot != end && *slot != reinterpret_cast<std::uintptr_t>(frames.at[i])) ++slot;
            slots_[i] = static_cast<std::uint32_t>(slot - words(g));
        }
    }
    /// Same depth, and the same return addresses in the same places.
    GOFER_READS_STACKS bool is_that_of(const task::Goroutine& g) const noexcept {
        if (depth_of(g) != depth_) return false;
        const std::uintptr_t* context = words(g);
        for (unsigned i = 0; i < frames.count; ++i)
            if (slots_[i] < depth_ / sizeof *context && context[slots_[i]] != reinterpret_cast<std::uintptr_t>(frames.at[i]))
                return false;
        return true;
    }

private:
    static const std::uintptr_t* words(const task::Goroutine& g) noexcept {
        return static_cast<const std::uintptr_t*>(g.context.load(std::memory_order_relaxed));
    }
    static std::size_t depth_of(const task::Goroutine& g) noexcept {
        return static_cast<std::size_t>(reinterpret_cast<const char*>(&g) - reinterpret_cast<const char*>(words(g)));
    }

    std::size_t depth_ = 0; // bytes
    std::uint32_t slots_[fiber::Frames::most] = {};
};

struct Group {
    static constexpr unsigned ids_kept = 8;

    Snapshot first; // the one with the lowest id
    ParkedStack stack;
    std::uint64_t hash = 0;
    std::size_t count = 0;
    std::uint64_t ids[ids_kept] = {}; // of the next few
    bool one_object = true;           // all wait on the same
    std::int64_t shortest_ns = 0; // for which they have been parked, as is the next
    std::int64_t longest_ns = 0;
};

class Groups {
public:
    Groups() noexcept {
        for (capacity_ = std::size_t{1} << 16; capacity_ >= 256; capacity_ /= 4) {
            const std::size_t bytes = capacity_ * sizeof(Group) + 2 * capacity_ * sizeof(std::uint32_t);
            void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (memory == MAP_FAILED) continue;
            bytes_ = bytes;
            groups_ = static_cast<Group*>(memory);
            table_ = reinterpret_cast<std::uint32_t*>(groups_ + capacity_);
            return;
        }
        capacity_ = 0;
    }
    ~Groups() {
        if (bytes_) ::munmap(groups_, bytes_);
    }
    Groups(const Groups&) = delete;
    Groups& operator=(const Groups&) = delete;

    /// While `g` is held; for one that is not, there is no stack.
    void add(const Snapshot& s, const task::Goroutine& g, bool held) noexcept {
        const base::EngineRegion engine; // other goroutines' frames are read
        const bool has_stack = held && s.parked();
        const std::uint64_t hash = hash_of(s, has_stack);
        if (s.doing != Doing::running) {
            for (std::size_t at = hash; capacity_ && table_[at % (2 * capacity_)]; ++at) {
                Group& group = groups_[table_[at % (2 * capacity_)] - 1];
                if (group.hash == hash && (!has_stack || group.stack.is_that_of(g))) return count_in(group, s);
            }
        }
        if (size_ == capacity_) {
            ++left_out_;
            return;
        }
        Group& fresh = *::new (static_cast<void*>(groups_ + size_)) Group;
        fresh.first = s;
        fresh.hash = hash;
        fresh.count = 1;
        fresh.shortest_ns = fresh.longest_ns = s.parked_ns;
        if (has_stack) fresh.stack.take(g);
        std::size_t at = hash;
        while (table_[at % (2 * capacity_)]) ++at;
        table_[at % (2 * capacity_)] = static_cast<std::uint32_t>(++size_);
    }

    /// By id, those that run ahead; `first`, the caller's, ahead of all.
    void sort(std::uint64_t first) noexcept {
        std::sort(begin(), end(), [first](const Group& a, const Group& b) {
            const auto rank = [first](const Group& g) {
                return g.first.id == first ? 0 : g.first.doing == Doing::running ? 1 : 2;
            };
            return rank(a) != rank(b) ? rank(a) < rank(b) : a.first.id < b.first.id;
        });
    }
    Group* begin() noexcept { return groups_; }
    Group* end() noexcept { return groups_ + size_; }
    std::size_t size() const noexcept { return size_; }
    /// Goroutines that there was no room for.
    std::size_t left_out() const noexcept { return left_out_; }

private:
    static void count_in(Group& group, const Snapshot& s) noexcept {
        std::uint64_t id = s.id;
        if (id < group.first.id) {
            std::swap(id, group.first.id);
        }
        if (group.count <= Group::ids_kept) group.ids[group.count - 1] = id;
        ++group.count;
        group.one_object = group.one_object && group.first.waits_on == s.waits_on;
        group.shortest_ns = std::min(group.shortest_ns, s.parked_ns);
        group.longest_ns = std::max(group.longest_ns, s.parked_ns);
    }

    // FNV-1a.
    static std::uint64_t mix(std::uint64_t hash, const void* bytes, std::size_t size) noexcept {
        const auto* at = static_cast<const unsigned char*>(bytes);
        for (std::size_t i = 0; i < size; ++i) hash = (hash ^ at[i]) * 0x100000001b3u;
        return hash;
    }
    static std::uint64_t hash_of(const Snapshot& s, bool has_stack) noexcept {
        const void* where = s.place.file ? s.place.file : s.place.address;
        const unsigned what = static_cast<unsigned>(s.doing) << 16 | static_cast<unsigned>(s.reason) << 8 |
                              (s.pinned ? 2u : 0u) | (has_stack ? 1u : 0u);
        std::uint64_t hash = mix(0xcbf29ce484222325u, &where, sizeof where);
        hash = mix(hash, &s.place.line, sizeof s.place.line);
        hash = mix(hash, &s.home, sizeof s.home);
        hash = mix(hash, &what, sizeof what);
        return mix(hash, s.name, std::strlen(s.name));
    }

    Group* groups_ = nullptr;
    std::uint32_t* table_ = nullptr; // number of a group plus one, where its hash says or behind; zero: none
    std::size_t bytes_ = 0;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
    std::size_t left_out_ = 0;
};

} // namespace gofer::inline v1::debug

// What a Context handle points to: a counted link in a chain that leads up to the root. The root itself is null: it
// never ends and holds no values. A node knows its parent and keeps it; parents know only those nodes below them
// that end (scope.hpp), and do not keep them, so what nobody holds any more is gone at once.
#pragma once

#include <atomic>
#include <cstdint>

namespace gofer::inline v1::context {

class Scope;

class Node {
public:
    /// One reference, the maker's. `key` is the address of the Key of a node that holds a value.
    explicit Node(Node* above, Scope* ends_with, const void* value_key = nullptr) noexcept
        : parent(above), scope(ends_with), key(value_key), holds_values(value_key || (above && above->holds_values)) {
        if (parent) parent->retain();
    }
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    Node* const parent;
    Scope* const scope; // the nearest that can end, itself or one above; null: it never ends
    const void* const key;
    const bool holds_values; // itself, or one above: with the last reference goes what is the user's

    void retain(std::uint32_t times = 1) noexcept { references_.fetch_add(times, std::memory_order_relaxed); }

    /// For whoever found the node by a list and holds no reference. False: it is being destroyed.
    bool try_retain() noexcept {
        std::uint32_t seen = references_.load(std::memory_order_relaxed);
        while (seen != 0)
            if (references_.compare_exchange_weak(seen, seen + 1, std::memory_order_relaxed)) return true;
        return false;
    }

    /// False: it is the last, and still the caller's.
    bool release_unless_last() noexcept {
        std::uint32_t seen = references_.load(std::memory_order_acquire);
        while (seen != 1)
            if (references_.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel, std::memory_order_acquire))
                return true;
        return false;
    }

    /// A loop and no recursion: the last handle of a chain of a hundred thousand frees them all.
    static void release(Node* node) noexcept {
        while (node && node->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            Node* above = node->parent;
            delete node;
            node = above;
        }
    }

protected:
    virtual ~Node() = default;

private:
    std::atomic<std::uint32_t> references_{1};
};

} // namespace gofer::inline v1::context

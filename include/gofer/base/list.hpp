// A doubly linked list of nodes that live elsewhere (a waiter on its goroutine's stack). It owns nothing, allocates
// nothing and never throws; every list is guarded by the lock of the object it stands in.
#pragma once

#include <atomic>

namespace gofer::inline v1::base {

/// What a node derives from. `linked` lets the owner of a node find out, under the list's lock, whether someone
/// else has taken it off already.
template <class Node>
struct ListHook {
    Node* next = nullptr;
    Node* prev = nullptr;
    bool linked = false;
};

/// `empty` and `front` may be asked without the lock, as a hint.
template <class Node>
class List {
public:
    constexpr List() noexcept = default;
    List(const List&) = delete;
    List& operator=(const List&) = delete;

    bool empty() const noexcept { return front() == nullptr; }
    Node* front() const noexcept { return head_.load(std::memory_order_relaxed); }
    Node* back() const noexcept { return tail_; }

    void push_back(Node& node) noexcept {
        node.prev = tail_;
        node.next = nullptr;
        node.linked = true;
        if (tail_)
            tail_->next = &node;
        else
            set_front(&node);
        tail_ = &node;
    }

    void push_front(Node& node) noexcept {
        node.prev = nullptr;
        node.next = front();
        node.linked = true;
        (node.next ? node.next->prev : tail_) = &node;
        set_front(&node);
    }

    Node* pop_front() noexcept {
        Node* node = front();
        if (!node) return nullptr;
        set_front(node->next);
        (node->next ? node->next->prev : tail_) = nullptr;
        node->linked = false;
        return node;
    }

    /// Takes them all off, linked by `next` in their order.
    Node* take_all() noexcept {
        Node* first = front();
        for (Node* node = first; node; node = node->next) node->linked = false;
        set_front(nullptr);
        tail_ = nullptr;
        return first;
    }

    void remove(Node& node) noexcept {
        if (node.prev)
            node.prev->next = node.next;
        else
            set_front(node.next);
        (node.next ? node.next->prev : tail_) = node.prev;
        node.linked = false;
    }

    /// Removes the node unless someone else has; true if it was still here.
    bool remove_if_linked(Node& node) noexcept {
        if (!node.linked) return false;
        remove(node);
        return true;
    }

private:
    void set_front(Node* node) noexcept { head_.store(node, std::memory_order_relaxed); }

    std::atomic<Node*> head_{nullptr};
    Node* tail_ = nullptr;
};

} // namespace gofer::inline v1::base

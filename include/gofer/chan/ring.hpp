// The buffer of a channel: a ring of raw slots, guarded by the channel's lock. The caller constructs and destroys
// the values, so that a throwing move leaves the ring as it was.
#pragma once

#include <cstddef>
#include <memory>

#include <gofer/base/sanitizer.hpp>

namespace gofer::inline v1::chan {

template <class T>
class Ring {
public:
    explicit Ring(std::size_t capacity)
        : capacity_(capacity), slots_(capacity ? std::allocator<T>().allocate(capacity) : nullptr) {}
    ~Ring() {
        for (; size_ > 0; popped()) {
            base::tsan_acquire(oldest());
            oldest()->~T();
        }
        if (slots_) std::allocator<T>().deallocate(slots_, capacity_);
    }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    std::size_t capacity() const noexcept { return capacity_; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    bool full() const noexcept { return size_ == capacity_; }

    T* oldest() noexcept { return slots_ + head_; }
    T* next_free() noexcept {
        const std::size_t at = head_ + size_;
        return slots_ + (at < capacity_ ? at : at - capacity_);
    }
    void pushed() noexcept { ++size_; }
    void popped() noexcept {
        head_ = head_ + 1 == capacity_ ? 0 : head_ + 1;
        --size_;
    }

private:
    std::size_t capacity_;
    std::size_t head_ = 0;
    std::size_t size_ = 0;
    T* slots_;
};

} // namespace gofer::inline v1::chan

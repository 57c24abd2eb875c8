// A ring of runnables that grows when it is full, and gives memory back when it is told to. (Not whenever it has run
// empty: spawning a million again and again took half as long again.) No lock: that is its queue's affair.
// A large one is a mapping of its own: freed, its megabytes would stay at the top of one of malloc's arenas.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sys/mman.h>
#include <utility>

#include <gofer/base/fatal.hpp>
#include <gofer/base/sanitizer.hpp>
#include <gofer/task/goroutine.hpp>

namespace gofer::inline v1::sched {

using task::Goroutine;
using task::Runnable;
using task::Task;

class Ring {
public:
    Ring() noexcept = default;
    ~Ring() {
        if (slots_) release(slots_, capacity_);
    }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    std::uint32_t size() const noexcept { return newest_ - oldest_; }
    bool empty() const noexcept { return newest_ == oldest_; }
    /// Changes whenever the oldest entry does.
    std::uint32_t oldest_number() const noexcept { return oldest_; }

    void push(Runnable r) noexcept {
        if (size() == capacity_) [[unlikely]]
            grow();
        slots_[newest_++ & (capacity_ - 1)] = r;
    }
    Runnable pop_newest() noexcept { return slots_[--newest_ & (capacity_ - 1)]; }
    Runnable pop_oldest() noexcept { return slots_[oldest_++ & (capacity_ - 1)]; }

    /// Exchanges what is in them; this one is empty, and the other one is not. The numbers of this one go on.
    void take_over(Ring& other) noexcept {
        std::swap(slots_, other.slots_);
        std::swap(capacity_, other.capacity_);
        const std::uint32_t at = other.oldest_, n = other.size();
        // The next number that is in that slot.
        oldest_ = newest_ + 1 + ((at - newest_ - 1) & (capacity_ - 1));
        newest_ = oldest_ + n;
        other.oldest_ = other.newest_ = 0;
    }

    /// Who stands so many places behind the oldest; fewer than size().
    Runnable behind_oldest(std::uint32_t places) const noexcept { return slots_[(oldest_ + places) & (capacity_ - 1)]; }

    /// For quiet times: a million goroutines that were ready at once leave no memory behind.
    void shed() noexcept {
        if (!empty() || capacity_ <= kept_when_empty) return;
        release(std::exchange(slots_, nullptr), std::exchange(capacity_, 0));
    }

private:
    static constexpr std::uint32_t kept_when_empty = 8192; // slots

    // A leak checker looks for what is queued in malloc's memory only.
    static constexpr bool is_mapped(std::uint32_t slots) noexcept { return slots > kept_when_empty && !base::asan_build; }
    static Runnable* allocate(std::uint32_t slots) noexcept {
        const std::size_t bytes = slots * sizeof(Runnable);
        if (!is_mapped(slots)) return static_cast<Runnable*>(std::malloc(bytes));
        void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return memory == MAP_FAILED ? nullptr : static_cast<Runnable*>(memory);
    }
    static void release(Runnable* memory, std::uint32_t slots) noexcept {
        if (is_mapped(slots))
            ::munmap(memory, slots * sizeof(Runnable));
        else
            std::free(memory);
    }

    [[gnu::noinline]] void grow() noexcept {
        const std::uint32_t larger = capacity_ ? capacity_ * 2 : 64;
        Runnable* slots = allocate(larger);
        if (!slots) base::fatal("gofer: out of memory for a run queue of %u goroutines", larger);
        const std::uint32_t n = size();
        for (std::uint32_t i = 0; i < n; ++i) slots[i] = slots_[(oldest_ + i) & (capacity_ - 1)];
        release(slots_, capacity_);
        slots_ = slots;
        capacity_ = larger;
        oldest_ = 0;
        newest_ = n;
    }

    Runnable* slots_ = nullptr;
    std::uint32_t capacity_ = 0; // a power of two
    std::uint32_t oldest_ = 0;
    std::uint32_t newest_ = 0;
};

} // namespace gofer::inline v1::sched

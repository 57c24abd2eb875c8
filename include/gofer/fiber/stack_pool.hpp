// Stacks that wait for their next use, one pool for each power-of-two size. Last in, first out, since a stack that
// was used just now is in the cache and its first pages are there: the first touch of a page costs more than a
// thousand function calls. Process-wide and never destroyed; workers keep a few spares of their own in front of it.
#pragma once

#include <algorithm>
#include <bit>
#include <new>

#include <gofer/base/foresight.hpp>
#include <gofer/fiber/fiber.hpp>
#include <gofer/fiber/slab.hpp>

#if defined(GOFER_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace gofer::inline v1::fiber {

/// Makes a used stack look new to the sanitizers: old frames left red zones (ASan) and accesses by goroutines that
/// are over (TSan, for which mapping the memory anew is the only way to have it forgotten) behind.
inline void forget_frames([[maybe_unused]] char* bottom, [[maybe_unused]] char* live) noexcept {
#if defined(GOFER_ASAN)
    __asan_unpoison_memory_region(bottom, static_cast<std::size_t>(live - bottom));
#endif
#if defined(GOFER_TSAN)
    const std::size_t dead = base::page_begin(static_cast<std::size_t>(live - bottom));
    if (dead)
        ::mmap(bottom, dead, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK | MAP_FIXED, -1, 0);
#endif
}

/// Record derives from Fiber and is constructed at the top of each stack.
template <class Record>
class StackPools {
public:
    static constexpr std::size_t smallest = std::size_t{16} << 10;
    static constexpr unsigned classes = 28;
    static constexpr std::size_t largest = smallest << (classes - 1); // 2 TB

    StackPools() noexcept {
        for (unsigned i = 0; i < classes; ++i)
            pools_[i].slab.configure((smallest << i) * base::stack_scale, sizeof(Record));
    }

    static unsigned class_of(std::size_t bytes) noexcept {
        if (bytes <= smallest) return 0;
        return std::min<unsigned>(classes - 1, static_cast<unsigned>(std::bit_width((bytes - 1) / smallest)));
    }
    std::size_t usable(unsigned size_class) const noexcept { return pools_[size_class].slab.usable(); }
    const Slab& slab(unsigned size_class) const noexcept { return pools_[size_class].slab; }

    /// A chain of up to `wanted` stacks (at least one) linked by `next`.
    Fiber* take(unsigned size_class, unsigned wanted) noexcept {
        Pool& pool = pools_[size_class];
        pool.lock.lock();
        Fiber* chain = pool.free;
        Fiber* last = nullptr;
        for (Fiber* f = chain; f && wanted; f = f->next, --wanted) {
            last = f;
            pool.foresight.fetch_behind(f, sizeof(Record));
        }
        if (last) {
            pool.free = last->next;
            last->next = nullptr;
        }
        pool.lock.unlock();
        return chain ? chain : make(size_class);
    }

    void give_back(Fiber* first, Fiber* last) noexcept {
        Pool& pool = pools_[first->size_class];
        pool.lock.lock();
        last->next = pool.free;
        pool.free = first;
        pool.lock.unlock();
    }

    /// The record of a stack the slab has handed out.
    Record* record(unsigned size_class, std::size_t index) const noexcept {
        return std::launder(reinterpret_cast<Record*>(pools_[size_class].slab.at(index).record));
    }

    /// That of the stack on which this address lies; null if it is none of ours. Lock-free.
    Record* record_of(const void* address) const noexcept {
        std::size_t index = 0, height = 0;
        for (unsigned c = 0; c < classes; ++c)
            if (pools_[c].slab.find(static_cast<const char*>(address), index, height)) return record(c, index);
        return nullptr;
    }

    /// Calls `visit` for every stack there is, in use or not.
    template <class Visit>
    void for_each(Visit visit) const {
        for (unsigned c = 0; c < classes; ++c) {
            const std::size_t n = pools_[c].slab.size();
            for (std::size_t i = 0; i < n; ++i)
                if (pools_[c].slab.at(i).record) visit(*record(c, i));
        }
    }

private:
    struct Pool {
        Slab slab;
        base::SpinLock lock;
        Fiber* free = nullptr;
        base::Foresight foresight; // of whole chains that were given back, most of which have left the cache
    };

    Fiber* make(unsigned size_class) noexcept {
        const StackSpan made = pools_[size_class].slab.take([size_class](const StackSpan& span) {
            Fiber* fiber = ::new (span.record) Record;
            fiber->bottom = span.bottom;
            fiber->top = span.top;
            fiber->size_class = static_cast<std::uint8_t>(size_class);
            fiber->has_canary = span.guard == Guard::canary;
        });
        return std::launder(reinterpret_cast<Record*>(made.record));
    }

    Pool pools_[classes];
};

} // namespace gofer::inline v1::fiber

// Memory for spawn records. A record lives from `go` to the moment its goroutine starts, often a microsecond, so it
// is taken from and returned to a list of the worker's own, last in, first out. What one worker spawns and another
// runs flows back through the depot, a batch at a time under one lock.
// In sanitizer builds every record is allocated and freed alone: use after free is found, and a record that is used
// again is no edge between the goroutines that used it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>

#include <gofer/base/fatal.hpp>
#include <gofer/base/sanitizer.hpp>
#include <gofer/base/spin_lock.hpp>

namespace gofer::inline v1::task {

/// Sizes 64, 128 and 256 are pooled; anything larger, or aligned above 16, comes from operator new each time.
inline constexpr unsigned pooled_classes = 3;
inline constexpr unsigned unpooled = pooled_classes;
constexpr unsigned record_class(std::size_t size, std::size_t align) noexcept {
    if (base::tsan_build || base::asan_build || align > 16 || size > 256) return unpooled;
    return size <= 64 ? 0 : size <= 128 ? 1 : 2;
}
constexpr std::size_t record_size(unsigned size_class) noexcept {
    return std::size_t{64} << size_class;
}

struct FreeRecord {
    FreeRecord* next;
    FreeRecord* next_batch; // of the first record of a batch

    /// `visit(record)` for this one and those behind it; false from it: enough. What it has said last.
    template <class Visit>
    static bool for_each(const FreeRecord* first, Visit visit) noexcept {
        for (; first; first = first->next)
            if (!visit(static_cast<const void*>(first))) return false;
        return true;
    }
};

/// Batches that no worker holds, and the count of records of threads that are no workers. Process-wide, never
/// destroyed, thread-safe.
class RecordDepot {
public:
    static constexpr unsigned batch = 64;

    [[gnu::visibility("default")]] static RecordDepot& instance() noexcept {
        static RecordDepot& depot = *new RecordDepot;
        return depot;
    }

    FreeRecord* take_batch(unsigned size_class) noexcept {
        lock_.lock();
        FreeRecord* first = batches_[size_class];
        if (first) batches_[size_class] = first->next_batch;
        lock_.unlock();
        return first ? first : carve(size_class);
    }
    /// One record, for a thread that has no pool. Throws std::bad_alloc.
    void* take_one(unsigned size_class) {
        lock_.lock();
        FreeRecord* first = batches_[size_class];
        if (first) {
            FreeRecord* rest = first->next;
            if (rest) rest->next_batch = first->next_batch;
            batches_[size_class] = rest ? rest : first->next_batch;
        }
        lock_.unlock();
        void* memory = first ? first : std::aligned_alloc(64, record_size(size_class));
        if (!memory) throw std::bad_alloc();
        return memory;
    }
    void give_batch(unsigned size_class, FreeRecord* first) noexcept {
        lock_.lock();
        first->next_batch = batches_[size_class];
        batches_[size_class] = first;
        lock_.unlock();
    }

    /// `visit(record, bytes)` for each that nobody uses; false from it: enough. Nothing when the lock is not free: for
    /// a report that must not wait.
    template <class Visit>
    void try_for_each_free(Visit visit) noexcept {
        const std::unique_lock<base::SpinLock> guard(lock_, std::try_to_lock);
        if (!guard.owns_lock()) return;
        for (unsigned c = 0; c < pooled_classes; ++c)
            for (const FreeRecord* b = batches_[c]; b; b = b->next_batch)
                if (!FreeRecord::for_each(b, [&](const void* record) { return visit(record, record_size(c)); })) return;
    }

    std::atomic<std::int64_t> in_use{0};

private:
    // A batch of fresh records, linked in the order of their addresses.
    static FreeRecord* carve(unsigned size_class) noexcept {
        const std::size_t size = record_size(size_class);
        auto* memory = static_cast<char*>(std::aligned_alloc(64, size * batch));
        if (!memory) base::fatal("gofer: out of memory for goroutine records");
        for (unsigned i = 0; i < batch; ++i) {
            auto* record = reinterpret_cast<FreeRecord*>(memory + i * size);
            record->next = i + 1 < batch ? reinterpret_cast<FreeRecord*>(memory + (i + 1) * size) : nullptr;
            record->next_batch = nullptr;
        }
        return reinterpret_cast<FreeRecord*>(memory);
    }

    base::SpinLock lock_;
    FreeRecord* batches_[pooled_classes] = {};
};

/// The records one worker has at hand. Touched by its worker's thread only; `in_use` may be read by anyone.
class RecordPool {
public:
    ~RecordPool() {
        for (unsigned c = 0; c < pooled_classes; ++c) {
            if (lists_[c].first) RecordDepot::instance().give_batch(c, lists_[c].first);
            if (lists_[c].full) RecordDepot::instance().give_batch(c, lists_[c].full);
        }
        settle();
    }
    /// The worker has ended: its account goes to the depot's, though its memory may stay for a while.
    void settle() noexcept {
        RecordDepot::instance().in_use.fetch_add(in_use_.exchange(0, std::memory_order_relaxed), std::memory_order_relaxed);
    }

    void* take(unsigned size_class) noexcept {
        count(1);
        List& list = lists_[size_class];
        if (!list.first) refill(list, size_class);
        FreeRecord* record = list.first;
        list.first = record->next;
        --list.length;
        return record;
    }
    void give_back(void* memory, unsigned size_class) noexcept {
        count(-1);
        List& list = lists_[size_class];
        if (list.length >= RecordDepot::batch) [[unlikely]]
            spill(list, size_class);
        auto* record = static_cast<FreeRecord*>(memory);
        record->next = list.first;
        list.first = record;
        ++list.length;
    }
    /// `visit(record, bytes)` for each that nobody uses; false from it: enough. The pool's thread must not be in the
    /// midst of take() or give_back().
    template <class Visit>
    void for_each_free(Visit visit) const noexcept {
        for (unsigned c = 0; c < pooled_classes; ++c)
            for (const FreeRecord* first : {lists_[c].first, lists_[c].full})
                if (!FreeRecord::for_each(first, [&](const void* record) { return visit(record, record_size(c)); }))
                    return;
    }
    std::int64_t in_use() const noexcept { return in_use_.load(std::memory_order_relaxed); }
    void count(std::int64_t delta) noexcept { in_use_.store(in_use() + delta, std::memory_order_relaxed); }

private:
    // Two batches, so that a worker that swings around a batch's end does not go to the depot at each step.
    struct List {
        FreeRecord* first = nullptr;
        FreeRecord* full = nullptr;
        unsigned length = 0;
    };

    [[gnu::noinline]] static void refill(List& list, unsigned size_class) noexcept {
        list.first = list.full ? list.full : RecordDepot::instance().take_batch(size_class);
        list.full = nullptr;
        list.length = 0;
        for (FreeRecord* r = list.first; r; r = r->next) ++list.length;
    }
    [[gnu::noinline]] static void spill(List& list, unsigned size_class) noexcept {
        if (list.full) RecordDepot::instance().give_batch(size_class, list.full);
        list.full = list.first;
        list.first = nullptr;
        list.length = 0;
    }

    List lists_[pooled_classes];
    std::atomic<std::int64_t> in_use_{0};
};

// Those that are too large for a pool, and those of a thread that has none. Out of line, so that the rest is short enough
// for compilers to inline.
[[gnu::noinline, gnu::cold]] inline void* take_unpooled(RecordPool* pool, std::size_t size, std::size_t align,
                                                        unsigned size_class) {
    void* memory = size_class == unpooled ? ::operator new(size, std::align_val_t(align))
                                          : RecordDepot::instance().take_one(size_class);
    if (pool)
        pool->count(1);
    else
        RecordDepot::instance().in_use.fetch_add(1, std::memory_order_relaxed);
    return memory;
}
[[gnu::noinline, gnu::cold]] inline void give_unpooled_back(RecordPool* pool, void* memory, std::size_t align,
                                                            unsigned size_class) noexcept {
    if (pool)
        pool->count(-1);
    else
        RecordDepot::instance().in_use.fetch_sub(1, std::memory_order_relaxed);
    if (size_class == unpooled) return ::operator delete(memory, std::align_val_t(align));
    RecordDepot::instance().give_batch(size_class, ::new (memory) FreeRecord{nullptr, nullptr});
}

/// `pool` is the calling worker's, or null on a thread that is none.
inline void* take_record(RecordPool* pool, std::size_t size, std::size_t align) {
    const unsigned size_class = record_class(size, align);
    if (size_class != unpooled && pool) [[likely]]
        return pool->take(size_class);
    return take_unpooled(pool, size, align, size_class);
}

/// With no pool at hand the record goes to the depot, as a batch of one: it may have been carved out of a larger one.
inline void give_record_back(RecordPool* pool, void* memory, std::size_t size, std::size_t align) noexcept {
    const unsigned size_class = record_class(size, align);
    if (size_class != unpooled && pool) [[likely]]
        return pool->give_back(memory, size_class);
    give_unpooled_back(pool, memory, align, size_class);
}

} // namespace gofer::inline v1::task

// Where stacks come from: address space reserved in large chunks, committed by the kernel at the first touch of each
// page. A chunk is one memory map however many stacks it holds.
//
// - Guards: MADV_GUARD_INSTALL (Linux 6.13) costs no map; where there is none mprotect, which splits the map, up to a
//   quarter of vm.max_map_count; beyond that a canary word that is checked whenever the goroutine parks.
// - Colour: stacks at equal offsets fall into the same cache sets (35 ns a switch among 1000 goroutines instead of
//   11). A stack and its guard are an odd number of pages, and the tops are shifted by a few cache lines each.
// - No huge pages: one touched byte would commit 2 MB.
// Never unmapped: a stack's address may be looked at by a signal handler at any time. Thread-safe.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gofer/base/fatal.hpp>
#include <gofer/base/page.hpp>
#include <gofer/base/sanitizer.hpp>
#include <gofer/base/spin_lock.hpp>

namespace gofer::inline v1::fiber {

inline constexpr std::size_t colours = 8;
inline constexpr std::size_t colour_step = 192;
inline constexpr std::uint64_t canary_word = 0x676f666572f00d5eu;

inline std::size_t guard_size() noexcept {
    return base::page_size();
}

enum class Guard : std::uint8_t { none, marker, protection, canary };

/// Installs guards, the cheapest kind that this kernel has.
class Guards {
public:
    /// The word just below the stack, where a canary stands.
    static std::uint64_t& canary_of(char* stack_bottom) noexcept {
        return reinterpret_cast<std::uint64_t*>(stack_bottom)[-1];
    }

    static Guard install(char* at) noexcept {
        if (mark(at)) return Guard::marker;
        if (protections().fetch_add(1, std::memory_order_relaxed) < protection_budget() &&
            ::mprotect(at, guard_size(), PROT_NONE) == 0)
            return Guard::protection;
        canary_of(at + guard_size()) = canary_word;
        return Guard::canary;
    }

private:
    // An emulator may say yes to advice it does not know, and do nothing (qemu-user does): the first marker is tried.
    static bool mark(char* at) noexcept {
        if (::madvise(at, guard_size(), 102 /* MADV_GUARD_INSTALL */) != 0) return false;
        static const bool hold = refused_to_the_kernel(at);
        return hold;
    }
    static bool refused_to_the_kernel(char* at) noexcept {
        const int saved = errno;
        const bool refused = ::syscall(SYS_clock_getres, CLOCK_MONOTONIC, at) != 0 && errno == EFAULT;
        errno = saved;
        return refused;
    }

    [[gnu::visibility("default")]] static std::atomic<std::uint64_t>& protections() noexcept {
        static std::atomic<std::uint64_t> count{0};
        return count;
    }
    // Each mprotect guard makes two maps of one; the program needs maps of its own as well.
    static std::uint64_t protection_budget() noexcept {
        static const std::uint64_t budget = [] {
            unsigned long long limit = 65530;
            if (std::FILE* file = std::fopen("/proc/sys/vm/max_map_count", "re")) {
                if (std::fscanf(file, "%llu", &limit) != 1) limit = 65530;
                std::fclose(file);
            }
            return static_cast<std::uint64_t>(limit / 4);
        }();
        return budget;
    }
};

/// Bounds of one stack as the slab hands it out.
struct StackSpan {
    char* bottom = nullptr; // above the guard
    char* top = nullptr;
    char* record = nullptr; // where the fiber's record belongs, below the colour
    Guard guard = Guard::none;
};

/// All stacks of one size.
class Slab {
public:
    /// `usable` bytes a stack, in whole pages, `record` bytes kept at its top, which begin with a line of the cache.
    void configure(std::size_t usable, std::size_t record) noexcept {
        usable_ = base::page_end(usable);
        record_ = (record + cache_line - 1) / cache_line * cache_line;
        stride_ = usable_ + guard_size();
        if ((stride_ / base::page_size()) % 2 == 0) stride_ += base::page_size();
    }

    std::size_t usable() const noexcept { return usable_; }
    std::size_t size() const noexcept { return count_.load(std::memory_order_acquire); }

    /// A stack that was never used, after `prepare` has made its record. Aborts with the count and the limit when there
    /// is no memory for it.
    template <class Prepare>
    StackSpan take(Prepare prepare) noexcept {
        lock_.lock();
        const std::size_t index = count_.load(std::memory_order_relaxed);
        if (index == reserved_) reserve_more(index);
        StackSpan span = at(index);
        span.guard = Guards::install(span.bottom - guard_size());
        base::tell_valgrind_of_stack(span.bottom, span.top);
        prepare(span);
        count_.store(index + 1, std::memory_order_release); // partner: size(), read by trimmer, reports and handler
        lock_.unlock();
        return span;
    }

    /// The stack with that number. Lock-free; valid for index < size().
    StackSpan at(std::size_t index) const noexcept {
        for (const Chunk& chunk : chunks_) {
            if (index < chunk.first + chunk.stacks) {
                char* base = chunk.base + (index - chunk.first) * stride_;
                char* top = base + guard_size() + usable_;
                return {base + guard_size(), top, top - record_offset(index), Guard::none};
            }
        }
        return {};
    }

    /// Which stack, with its guard (or the page below it), holds this address, and how far up. Lock-free, for the signal
    /// handler.
    bool find(const char* address, std::size_t& index, std::size_t& height) const noexcept {
        const std::size_t n = size();
        for (const Chunk& chunk : chunks_) {
            if (!chunk.base || address < chunk.base || address >= chunk.base + chunk.stacks * stride_) continue;
            const auto offset = static_cast<std::size_t>(address - chunk.base);
            index = chunk.first + offset / stride_;
            height = offset % stride_;
            return index < n;
        }
        return false;
    }
    bool find_guard(const char* address, std::size_t& index) const noexcept {
        std::size_t height = 0;
        return find(address, index, height) && height < guard_size();
    }

    /// `visit(begin, end)` for each stretch of address space that stacks are cut from. Lock-free.
    template <class Visit>
    void for_each_chunk(Visit visit) const noexcept {
        for (const Chunk& chunk : chunks_)
            if (chunk.base) visit(chunk.base, chunk.base + chunk.stacks * stride_);
    }

private:
    // For TSan the frames begin at a page of their own, since only whole pages can be forgotten (forget_frames).
    std::size_t record_offset(std::size_t index) const noexcept {
        return base::tsan_build ? base::page_size() : record_ + (index % colours) * colour_step;
    }

    struct Chunk {
        char* base = nullptr;
        std::size_t first = 0;
        std::size_t stacks = 0;
    };
    static constexpr std::size_t cache_line = 64;
    static constexpr std::size_t max_chunks = 48;
    static constexpr std::size_t first_chunk = std::size_t{64} << 20;
    static constexpr std::size_t largest_chunk = std::size_t{64} << 30;

    // Chunks double, so that a million stacks are a dozen maps; a limit on address space makes them smaller again.
    void reserve_more(std::size_t taken) noexcept {
        std::size_t bytes = largest_chunk;
        if (used_chunks_ < 10) bytes = first_chunk << used_chunks_;
        if (bytes < stride_) bytes = stride_;
        if (used_chunks_ == max_chunks) out_of_memory(taken);
        for (;; bytes /= 2) {
            const std::size_t stacks = bytes / stride_;
            if (stacks == 0) out_of_memory(taken);
            void* base = ::mmap(nullptr, stacks * stride_, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
            if (base == MAP_FAILED) continue;
            ::madvise(base, stacks * stride_, MADV_NOHUGEPAGE);
            chunks_[used_chunks_++] = {static_cast<char*>(base), taken, stacks};
            reserved_ = taken + stacks;
            return;
        }
    }

    [[noreturn]] void out_of_memory(std::size_t taken) const noexcept {
        base::fatal("gofer: no memory for a goroutine's stack: %zu stacks of %zu KB are in use or pooled and the system "
                    "reserves no more; limit how many goroutines run, or look at `ulimit -v` and vm.overcommit_memory",
                    taken, usable_ / 1024);
    }

    base::SpinLock lock_;
    std::size_t usable_ = 0;
    std::size_t record_ = 0;
    std::size_t stride_ = 0;
    std::size_t reserved_ = 0;
    std::size_t used_chunks_ = 0;
    std::atomic<std::size_t> count_{0};
    Chunk chunks_[max_chunks];
};

} // namespace gofer::inline v1::fiber

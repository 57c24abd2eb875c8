// Where words are looked at that may point to suspects (suspects.hpp): registers, stacks, all other memory, and what the
// kernel keeps for the process. At a standstill.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include <gofer/debug/memory.hpp>
#include <gofer/debug/standstill.hpp>
#include <gofer/debug/suspects.hpp>

namespace gofer::inline v1::debug {

/// One search. Lies in memory of its own, which is not searched.
class Search : public Suspects {
public:
    static constexpr char unreadable[] =
        "some of its memory cannot be read (a device or a large sparse file is mapped, say)";
    static constexpr char kernel_knows[] = "io_uring or kernel AIO is in use";
    static constexpr char not_here[] = "this processor's layout of a sanitizer's memory is not known";

    Search(std::size_t room, void* memory, std::int64_t until) noexcept
        : Suspects(room, memory, until), memory_(limit_) {}

    /// Memory that is not searched.
    void leave_out(const void* begin, std::size_t size) noexcept {
        const auto first = reinterpret_cast<std::uintptr_t>(begin);
        if (left_out_ == most_left_out) overflow_ = true;
        if (!overflow_) out_[left_out_++] = {first, first + size};
    }
    /// At a standstill. `own` is where the frames of the caller begin that are searched. False: no verdict, see
    /// obstacle().
    GOFER_SEARCHES bool run(Standstill& still, std::uintptr_t own) noexcept {
        if (!can_search) return give_up(not_here);
        if (!find_all(still) || !arrange()) return false;
        const bool all = done() || (search_stacks(still, own) && search_registers(still) &&
                                    search_memory() && search_kernel());
        if (!done() && !all) return give_up(limit_.was_passed() ? too_late : unreadable);
        clear_across_runtimes();
        note_companions();
        return !limit_.passed() || give_up(too_late);
    }

private:
    static constexpr std::size_t most_left_out = 1024;

    /// What is found by following pointers, which must not change meanwhile.
    bool find_all(Standstill& still) noexcept {
        if (!still.pin()) return give_up(too_late);
        const bool found = find_suspects();
        if (found) free_records_.note(still, limit_);
        still.unpin();
        return found;
    }

    GOFER_SEARCHES bool search_registers(const Standstill& still) noexcept {
        for (const auto* t = still.begin_threads(); t != still.end_threads(); ++t)
            if (!idle_[t - still.begin_threads()])
                search_words(reinterpret_cast<const std::uintptr_t*>(t->registers), 0,
                             t->size / sizeof(std::uintptr_t));
        return true;
    }

    static constexpr std::uintptr_t red_zone = 128;

    /// Goroutines' stacks, from where they are in use: they are left out of the rest.
    GOFER_SEARCHES bool search_stacks(const Standstill& still, std::uintptr_t own) noexcept {
        bool good = true;
        const auto& pools = task::stack_pools();
        for (unsigned c = 0; c < task::StackPools::classes; ++c)
            pools.slab(c).for_each_chunk([this](const char* begin, const char* end) {
                leave_out(begin, static_cast<std::size_t>(end - begin));
            });
        std::size_t looked_at = 0;
        pools.for_each([&](const task::Goroutine& g) {
            if (++looked_at % looked_at_once == 0 && limit_.passed()) good = false;
            good = good && search_stack(g, still, own);
        });
        return good;
    }
    GOFER_SEARCHES bool search_stack(const task::Goroutine& g, const Standstill& still,
                                     std::uintptr_t own) noexcept {
        const auto end = reinterpret_cast<std::uintptr_t>(&g);
        const auto context = reinterpret_cast<std::uintptr_t>(g.context.load(std::memory_order_relaxed));
        if (context && has_frames_of(g, context)) return true;
        const bool vacant = g.state.load(std::memory_order_relaxed) == task::State::vacant;
        if (!g.running.load(std::memory_order_relaxed)) {
            if (!vacant && context)
                search_frames(context, end); // a loop between two goroutines has nothing of theirs
            return true;
        }
        const Range stack{reinterpret_cast<std::uintptr_t>(g.bottom), end};
        if (stack.holds(own)) return search_frames(own, end), true;
        for (const auto* t = still.begin_threads(); t != still.end_threads(); ++t)
            if (stack.holds(t->stack_pointer)) {
                // A worker without work. What its loop has to do with channels (contexts that time out) it does by way
                // of the heap.
                if (vacant && t->sleeps) return idle_[t - still.begin_threads()] = true;
                return search_frames(std::max(stack.begin, t->stack_pointer - red_zone), end), true;
            }
        return search_range(Mapping::of_stack(stack), stack); // it is just being entered, or in a handler
    }
    /// Threads' own stacks as a whole, too: where the stack pointer is does not tell what is in use. A signal handler or
    /// a coroutine may run on a stack that is a variable of main.
    GOFER_SEARCHES bool search_memory() noexcept {
        if (!memory_.good()) return false;
        ProcLines maps("/proc/thread-self/maps");
        const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
        bool all = false; // or at least our own stack
        while (const char* line = maps.next()) {
            const Mapping m = Mapping::parse(line);
            if (m.is_kernel_aio()) return give_up(kernel_knows); // see search_kernel()
            all = all || m.range.holds(here);
            if (m.is_kernels() || is_shadow(m.range)) continue;
            if (limit_.passed() || !search_mapping(m)) return suspects() == 0;
        }
        return maps.good() && all;
    }
    // Of a sanitizer: terabytes of address space, and nothing of the program's. As the compilers lay it out on x86_64.
#if defined(GOFER_TSAN)
    static bool is_shadow(const Range& r) noexcept {
        return !(r.begin < 0x8000000000 || (r.begin >= 0x550000000000 && r.begin < 0x568000000000) ||
                 (r.begin >= 0x7b0000000000 && r.begin < 0x7c0000000000) || r.begin >= 0x7e8000000000);
    }
#elif defined(GOFER_ASAN)
    static bool is_shadow(const Range& r) noexcept {
        return r.begin >= 0x7fff8000 && r.end <= 0x10007fff8000;
    }
#else
    static bool is_shadow(const Range&) noexcept { return false; }
#endif
#if defined(__x86_64__) || !(defined(GOFER_TSAN) || defined(GOFER_ASAN))
    static constexpr bool can_search = true;
#else
    static constexpr bool can_search = false;
#endif

    GOFER_SEARCHES bool search_mapping(const Mapping& m) noexcept {
        Range rest = m.range;
        while (rest.begin < rest.end) {
            Range part = rest;
            rest.begin = rest.end;
            for (std::size_t i = 0; i < left_out_; ++i) {
                const Range& out = out_[i];
                if (out.end <= part.begin || part.end <= out.begin) continue;
                if (out.begin <= part.begin) { // what is behind it comes next
                    rest.begin = std::max(std::min(out.end, m.range.end), part.begin);
                    part.end = part.begin;
                    break;
                }
                part.end = out.begin;
                rest.begin = out.begin;
            }
            if (part.begin < part.end && !search_range(m, part)) return false;
        }
        return true;
    }
    GOFER_SEARCHES bool search_range(const Mapping& m, Range range) noexcept {
        return memory_.for_each_block(m, range,
                                      [this](std::uintptr_t at, const std::uintptr_t* words, std::size_t n) {
                                          search_words(words, at, n);
                                          return !done();
                                      });
    }

    /// What was given to the kernel to be given back: the data of timers and of epoll. Other ways to do so are a reason
    /// not to judge.
    bool search_kernel() noexcept { return search_timers() && search_files(); }
    /// timer_create(2): "signal: 34/00007ffc2a1a3edc". Not every kernel has the list.
    bool search_timers() noexcept {
        ProcLines lines("/proc/self/timers");
        while (const char* line = lines.next()) {
            if (limit_.passed()) return false;
            if (std::strncmp(line, "signal:", 7) == 0) search_number(std::strchr(line, '/'));
        }
        done();
        return true;
    }
    /// In hexadecimal, behind one character. Null: there is none.
    void search_number(const char* at) noexcept {
        if (!at) return;
        const std::uintptr_t word = hex_number(++at);
        search_words(&word, 0, 1);
    }
    bool search_files() noexcept {
        const int folder = ::open("/proc/thread-self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0) return false;
        bool good = true;
        for (long n; good && (n = ::syscall(SYS_getdents64, folder, entries_, sizeof entries_)) > 0;) {
            if (limit_.passed()) break;
            for (long at = 0; at < n;) {
                std::uint16_t length = 0; // struct linux_dirent64: inode, offset, length, type, name
                std::memcpy(&length, entries_ + at + 16, sizeof length);
                good = good && search_file(entries_ + at + 19);
                at += length;
            }
        }
        ::close(folder);
        return good && !limit_.was_passed();
    }
    bool search_file(const char* number) noexcept {
        char path[64], target[64];
        std::snprintf(path, sizeof path, "/proc/thread-self/fd/%s", number);
        const long n = ::syscall(SYS_readlinkat, AT_FDCWD, path, target, sizeof target - 1);
        if (n <= 0) return true;
        target[n] = '\0';
        if (std::strcmp(target, "anon_inode:[io_uring]") == 0) return give_up(kernel_knows);
        if (std::strcmp(target, "anon_inode:[eventpoll]") != 0) return true;
        std::snprintf(path, sizeof path, "/proc/thread-self/fdinfo/%s", number);
        ProcLines lines(path);
        while (const char* line = lines.next()) {
            if (limit_.passed()) return false;
            const char* data = std::strstr(line, "data:");
            if (!data) continue;
            for (data += 4; data[1] == ' ' || data[1] == '\t';) ++data;
            search_number(data);
        }
        return lines.good() && (done(), true);
    }

    Range out_[most_left_out];
    std::size_t left_out_ = 0;
    bool idle_[Standstill::most_threads] = {}; // threads
    Memory memory_;
    alignas(8) char entries_[4096];
};

} // namespace gofer::inline v1::debug

// What the process has written to memory, wherever that lies: heap, globals, thread-local memory, stacks, anything
// mapped. Read at a standstill (standstill.hpp), from the kernel's lists: /proc/self/maps says what there is, pagemap
// which pages of it hold anything of their own, and mem is read, since it neither faults nor minds what is protected.
//
// Left out, since nothing of the program's can be there: pages of a file that were never written to, pages never
// touched, and a sanitizer's shadow.
//
// Takes no lock, allocates nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gofer/debug/standstill.hpp>

namespace gofer::inline v1::debug {

struct Range {
    std::uintptr_t begin;
    std::uintptr_t end;

    bool holds(std::uintptr_t at) const noexcept { return begin <= at && at < end; }
};

/// Reads a file of /proc line by line.
class Lines {
public:
    explicit Lines(const char* path) noexcept : file_(::open(path, O_RDONLY | O_CLOEXEC)) {}
    ~Lines() {
        if (file_ >= 0) ::close(file_);
    }
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;

    bool good() const noexcept { return file_ >= 0 && !failed_; }
    /// Null: there are no more. What is longer than the room is cut off.
    const char* next() noexcept {
        std::size_t n = 0;
        for (char c; get(c) && c != '\n';)
            if (n + 1 < sizeof line_) line_[n++] = c;
        if (n == 0) return nullptr;
        line_[n] = '\0';
        return line_;
    }

private:
    bool get(char& c) noexcept {
        if (at_ == size_) {
            const long n =
                file_ < 0 ? -1 : static_cast<long>(::syscall(SYS_read, file_, buffer_, sizeof buffer_));
            if (n < 0) failed_ = true;
            if (n <= 0) return false;
            size_ = static_cast<std::size_t>(n);
            at_ = 0;
        }
        c = buffer_[at_++];
        return true;
    }

    int file_;
    bool failed_ = false;
    std::size_t at_ = 0;
    std::size_t size_ = 0;
    char line_[512];
    char buffer_[4096];
};

inline std::uintptr_t hex_number(const char*& at) noexcept {
    std::uintptr_t value = 0;
    for (;; ++at) {
        if (*at >= '0' && *at <= '9')
            value = value * 16 + static_cast<std::uintptr_t>(*at - '0');
        else if (*at >= 'a' && *at <= 'f')
            value = value * 16 + static_cast<std::uintptr_t>(*at - 'a' + 10);
        else
            return value;
    }
}

/// One line of /proc/self/maps.
struct Mapping {
    Range range{};
    bool writable = false;
    bool shared = false;
    bool kernels = false; // [vdso] and its kin
    bool main_stack = false;

    static Mapping parse(const char* line) noexcept {
        Mapping m;
        m.range.begin = hex_number(line);
        ++line;
        m.range.end = hex_number(line);
        m.writable = line[2] == 'w';
        m.shared = line[4] == 's';
        m.kernels = std::strstr(line, "[v") != nullptr;
        m.main_stack = std::strstr(line, "[stack]") != nullptr;
        return m;
    }
};

/// One at a time: it has its buffers in the object, which is to be left out of what is read.
class Memory {
public:
    Memory() noexcept
        : pagemap_(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)),
          mem_(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC)) {}
    ~Memory() {
        if (pagemap_ >= 0) ::close(pagemap_);
        if (mem_ >= 0) ::close(mem_);
    }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    bool good() const noexcept { return pagemap_ >= 0 && mem_ >= 0; }

    /// `visit(address, words, count)` for all that is written in `range`, which is of `m`; false from it: enough. False:
    /// something could not be read, or visit() has said so.
    template <class Visit>
    bool for_each_block(const Mapping& m, Range range, Visit visit) noexcept {
        // A page of a file that is shared may be written and not in our page table.
        if (m.shared && m.writable) return read(range, Unreadable::skipped, visit);
        std::uintptr_t at = range.begin / page * page;
        while (at < range.end) {
            if (!find_runs(at, range.end)) return false;
            for (std::size_t i = 0; i < runs_; ++i) {
                const Run& run = run_[i];
                const bool of_file = (run.kind & file) && !m.shared;
                if (of_file || !(run.kind & (present | swapped))) continue;
                const Range part{std::max(range.begin, run.begin), std::min(range.end, run.end)};
                // A guard is shown as if it were swapped out.
                const bool may_be_guard = m.shared || !(run.kind & present);
                if (!read(part, may_be_guard ? Unreadable::skipped : Unreadable::failure, visit))
                    return false;
            }
        }
        return true;
    }

private:
    static constexpr std::size_t page = 4096;
    static constexpr std::size_t read_at_once = 256; // pages
    static constexpr std::size_t most_runs = 4096;
    static constexpr std::uintptr_t most_without_scan = std::uintptr_t{64} << 30; // 250 ms

    enum class Unreadable : bool { skipped, failure };

    // As PAGEMAP_SCAN (Linux 6.7) has them. The headers of many systems have not.
    static constexpr std::uint64_t file = 1u << 2, present = 1u << 3, swapped = 1u << 4;
    struct Run {
        std::uint64_t begin, end, kind;
    };
    struct Scan {
        std::uint64_t size, flags, start, end, walk_end, runs, most_runs, most_pages, inverted, all_of,
            any_of, returned;
    };

    /// The next pages that hold anything; moves `at` behind them.
    bool find_runs(std::uintptr_t& at, std::uintptr_t end) noexcept {
        runs_ = 0;
        end = (end + page - 1) / page * page;
        Scan scan{sizeof scan,
                  0,
                  at,
                  end,
                  0,
                  reinterpret_cast<std::uintptr_t>(run_),
                  most_runs,
                  0,
                  0,
                  0,
                  present | swapped,
                  file | present | swapped};
        const long n = ::syscall(SYS_ioctl, pagemap_, _IOWR('f', 16, Scan), &scan);
        if (n >= 0) {
            runs_ = static_cast<std::size_t>(n);
            at = scan.walk_end;
            return true;
        }
        return end - at <= most_without_scan && find_runs_one_by_one(at, end);
    }
    // What every Linux has: a word for each page.
    bool find_runs_one_by_one(std::uintptr_t& at, std::uintptr_t end) noexcept {
        const std::size_t n = std::min<std::size_t>(most_runs, (end - at) / page);
        const std::size_t bytes = n * sizeof flags_[0];
        if (::syscall(SYS_pread64, pagemap_, flags_, bytes, at / page * sizeof flags_[0]) !=
            static_cast<long>(bytes))
            return false;
        for (std::size_t i = 0; i < n; ++i, at += page) {
            const auto bit = [flags = flags_[i]](unsigned number) { return flags >> number & 1; };
            const std::uint64_t kind = bit(63) * present | bit(62) * swapped | bit(61) * file;
            if (runs_ > 0 && run_[runs_ - 1].end == at && run_[runs_ - 1].kind == kind)
                run_[runs_ - 1].end += page;
            else
                run_[runs_++] = {at, at + page, kind};
        }
        return true;
    }

    template <class Visit>
    bool read(Range range, Unreadable unreadable, Visit visit) noexcept {
        while (range.begin < range.end) {
            const std::size_t wanted = std::min<std::size_t>(range.end - range.begin, read_at_once * page);
            const long n = static_cast<long>(::syscall(SYS_pread64, mem_, words_, wanted, range.begin));
            const std::size_t words = n > 0 ? static_cast<std::size_t>(n) / sizeof words_[0] : 0;
            if (words == 0) {
                if (unreadable == Unreadable::failure) return false;
                range.begin = range.begin / page * page + page;
                continue;
            }
            if (!visit(range.begin, words_, words)) return false;
            range.begin += words * sizeof words_[0];
        }
        return true;
    }

    int pagemap_;
    int mem_;
    std::size_t runs_ = 0;
    Run run_[most_runs];
    std::uint64_t flags_[most_runs];
    alignas(16) std::uintptr_t words_[read_at_once * page / sizeof(std::uintptr_t)];
};

} // namespace gofer::inline v1::debug

// What the process has written to memory, wherever that lies: heap, globals, thread-local memory, stacks, anything
// mapped. Read at a standstill (standstill.hpp), from the kernel's lists: maps says what there is, pagemap
// which pages of it hold anything of their own, and mem is read, since it neither faults nor minds what is protected.
//
// Left out, since nothing of the program's can be there: pages of a file that were never written to, pages never
// touched, and a sanitizer's shadow.
//
// What is mapped shared and writable may be written and not in our page table, so there the kernel is asked what is in
// memory at all (mincore). To read the rest changes something: a page of shared memory that nobody has written to would
// be allocated for it, one of a file read from the disk, a device's register may be one that acts when it is read. Of
// shared memory the rest is empty while nothing is swapped out; of a file some megabytes are read; a device is not
// touched. Where that is not enough to know what is there, there is no verdict.
//
// /proc/thread-self rather than /proc/self, which is that of the main thread and shows nothing when it has ended.
//
// Takes no lock, allocates nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <gofer/base/page.hpp>
#include <gofer/debug/mapping.hpp>
#include <gofer/debug/time_limit.hpp>

namespace gofer::inline v1::debug {

/// One at a time: it has its buffers in the object, which is to be left out of what is read.
class Memory {
public:
    /// Nothing is read when the limit has passed.
    explicit Memory(TimeLimit& limit) noexcept
        : pagemap_(::open("/proc/thread-self/pagemap", O_RDONLY | O_CLOEXEC)),
          mem_(::open("/proc/thread-self/mem", O_RDONLY | O_CLOEXEC)), limit_(limit) {}
    ~Memory() {
        if (pagemap_ >= 0) ::close(pagemap_);
        if (mem_ >= 0) ::close(mem_);
    }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    bool good() const noexcept { return pagemap_ >= 0 && mem_ >= 0; }

    /// `visit(address, words, count)` for all that is written in `range`, which is of `m`; false from it: enough. False:
    /// something could not be read, or not in time, or visit() has said so.
    template <class Visit>
    bool for_each_block(const Mapping& m, Range range, Visit visit) noexcept {
        if (m.backing == Mapping::Backing::device) return !m.writable;
        return m.shared && m.writable ? read_shared(m, range, visit) : read_own(m, range, visit);
    }

private:
    static constexpr std::size_t read_at_once = std::size_t{1} << 20;
    static constexpr std::size_t most_runs = 4096;
    static constexpr std::size_t most_pages = 262144; // that are looked for at once: some milliseconds
    static constexpr std::uintptr_t most_without_scan = std::uintptr_t{64} << 30; // 250 ms
    static constexpr std::size_t most_cold = std::size_t{16} << 20; // that is read from files in one search

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

    template <class Visit>
    bool read_own(const Mapping& m, Range range, Visit visit) noexcept {
        std::uintptr_t at = base::page_begin(range.begin);
        while (at < range.end) {
            if (limit_.passed() || !find_runs(at, range.end)) return false;
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

    template <class Visit>
    bool read_shared(const Mapping& m, Range range, Visit visit) noexcept {
        bool of_file = m.backing == Mapping::Backing::file;
        if (!of_file && m.backing != Mapping::Backing::shared_memory) return false;
        if (of_file && !end_at_end_of_file(m, range, of_file)) return false;
        auto* in_memory = reinterpret_cast<unsigned char*>(flags_);
        const std::size_t page = base::page_size();
        for (std::uintptr_t at = base::page_begin(range.begin), next; at < range.end; at = next) {
            const std::size_t n = std::min<std::size_t>(sizeof flags_, (base::page_end(range.end) - at) / page);
            next = at + n * page;
            if (limit_.passed() || ::syscall(SYS_mincore, at, n * page, in_memory) != 0) return false;
            for (std::size_t i = 0, k = 0; i < n; i = k) {
                const bool warm = in_memory[i] & 1;
                while (k < n && (in_memory[k] & 1) == warm) ++k;
                if (!warm && of_file && (cold_ += (k - i) * page) > most_cold) return false;
                if (!warm && !of_file && may_be_swapped_out()) return false;
                if (!warm && !of_file) continue;
                const Range part{std::max(range.begin, at + i * page), std::min(range.end, at + k * page)};
                if (!read(part, Unreadable::skipped, visit)) return false;
            }
        }
        return true;
    }
    /// Behind it nothing can be read. False: it is not known what that file is. Of one that was deleted the end is not
    /// known, and what is behind it counts as cold. `on_disk`: else it is shared memory after all.
    static bool end_at_end_of_file(const Mapping& m, Range& range, bool& on_disk) noexcept {
        struct stat status{};
        if (::fstatat(AT_FDCWD, m.name, &status, 0) != 0 || status.st_ino != m.inode) return m.is_deleted();
        if (!S_ISREG(status.st_mode)) return false;
        constexpr auto tmpfs = 0x01021994;
        struct statfs system{};
        on_disk = ::statfs(m.name, &system) != 0 || system.f_type != tmpfs;
        const std::uint64_t size = base::page_end(static_cast<std::uint64_t>(status.st_size));
        const std::uint64_t mapped = size > m.offset ? size - m.offset : 0;
        range.end = std::min<std::uint64_t>(range.end, std::max<std::uint64_t>(m.range.begin + mapped, range.begin));
        return true;
    }
    static bool may_be_swapped_out() noexcept {
        struct sysinfo info{};
        return ::syscall(SYS_sysinfo, &info) != 0 || info.freeswap != info.totalswap;
    }

    /// The next pages that hold anything; moves `at` behind them.
    bool find_runs(std::uintptr_t& at, std::uintptr_t end) noexcept {
        runs_ = 0;
        end = base::page_end(end);
        Scan scan{sizeof scan,
                  0,
                  at,
                  end,
                  0,
                  reinterpret_cast<std::uintptr_t>(run_),
                  most_runs,
                  most_pages,
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
        const std::size_t page = base::page_size();
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
            if (limit_.passed()) return false;
            const std::size_t wanted = std::min<std::size_t>(range.end - range.begin, read_at_once);
            const long n = static_cast<long>(::syscall(SYS_pread64, mem_, words_, wanted, range.begin));
            const std::size_t words = n > 0 ? static_cast<std::size_t>(n) / sizeof words_[0] : 0;
            if (words == 0) {
                if (unreadable == Unreadable::failure) return false;
                range.begin = base::page_begin(range.begin) + base::page_size();
                continue;
            }
            if (!visit(range.begin, words_, words)) return false;
            range.begin += words * sizeof words_[0];
        }
        return true;
    }

    int pagemap_;
    int mem_;
    TimeLimit& limit_;
    std::size_t cold_ = 0;
    std::size_t runs_ = 0;
    Run run_[most_runs];
    std::uint64_t flags_[most_runs];
    alignas(16) std::uintptr_t words_[read_at_once / sizeof(std::uintptr_t)];
};

} // namespace gofer::inline v1::debug

// A line of /proc/<pid>/maps: a range of addresses, and what lies behind it. Whatever is told by the name is told by
// the whole of it, or by how it begins: a path may hold anything else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <gofer/debug/proc_lines.hpp>

namespace gofer::inline v1::debug {

struct Range {
    std::uintptr_t begin;
    std::uintptr_t end;

    bool holds(std::uintptr_t at) const noexcept { return begin <= at && at < end; }
};

struct Mapping {
    enum class Backing : unsigned char {
        anonymous,
        shared_memory, // of no file on a disk: what was never written to it is nowhere
        file,
        device, // to read it may be to do something
        other,  // of the kernel's making, or kept from it (memfd_secret)
    };

    Range range{};
    bool writable = false;
    bool shared = false;
    Backing backing = Backing::anonymous;
    std::uint64_t offset = 0; // in the file
    std::uint64_t inode = 0;
    const char* name = ""; // as long as the line is there

    /// The rest of a line that is not as expected is taken for the name.
    static Mapping parse(const char* line) noexcept {
        Mapping m;
        m.range.begin = hex_number(line);
        if (*line) ++line;
        m.range.end = hex_number(line);
        if (std::strlen(line) < 6) return m; // " rw-p "
        m.writable = line[2] == 'w';
        m.shared = line[4] == 's';
        line += 6;
        m.offset = hex_number(line);
        skip_blanks(line);
        while (*line && *line != ' ') ++line; // the device
        skip_blanks(line);
        for (; *line >= '0' && *line <= '9'; ++line)
            m.inode = m.inode * 10 + static_cast<std::uint64_t>(*line - '0');
        skip_blanks(line);
        m.name = line;
        m.backing = m.backing_by_name();
        return m;
    }
    static Mapping of_stack(Range range) noexcept {
        Mapping m;
        m.range = range;
        m.writable = true;
        return m;
    }

    bool is_kernels() const noexcept { return begins("[v"); } // [vdso] and its kin
    bool is_kernel_aio() const noexcept { return begins("/[aio]"); }
    bool is_deleted() const noexcept {
        constexpr char mark[] = " (deleted)";
        const std::size_t length = std::strlen(name);
        return length >= sizeof mark && std::strcmp(name + length - (sizeof mark - 1), mark) == 0;
    }

private:
    static void skip_blanks(const char*& line) noexcept {
        while (*line == ' ') ++line;
    }
    bool begins(const char* with) const noexcept { return std::strncmp(name, with, std::strlen(with)) == 0; }

    Backing backing_by_name() const noexcept {
        if (begins("[anon_shmem:") || begins("/dev/shm/") || begins("/dev/zero")) return Backing::shared_memory;
        if (is_deleted() && (begins("/memfd:") || begins("/SYSV") || begins("/anon_hugepage")))
            return Backing::shared_memory;
        if (is_deleted() && begins("/secretmem")) return Backing::other;
        if (begins("/dev/") || begins("/sys/") || begins("/proc/")) return Backing::device;
        if (!*name || *name == '[') return Backing::anonymous;
        return *name == '/' ? Backing::file : Backing::other;
    }
};

} // namespace gofer::inline v1::debug

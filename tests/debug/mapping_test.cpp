// Lines of /proc/<pid>/maps.
#include <string>

#include <gofer/debug/mapping.hpp>

#include "../support/catch.hpp"

using gofer::debug::Mapping;

TEST_CASE("of a mapping only what the kernel says is believed, whatever its path holds") {
    const auto parse = [](const std::string& name) {
        static std::string line;
        line = "7f00-7fff rw-s 00002000 08:01 131 " + name;
        return Mapping::parse(line.c_str());
    };
    const Mapping m = parse("/srv/[v2]/lib.so");
    CHECK(m.range.begin == 0x7f00);
    CHECK(m.range.end == 0x7fff);
    CHECK(m.writable);
    CHECK(m.shared);
    CHECK(m.offset == 0x2000);
    CHECK(m.inode == 131);
    CHECK(!m.is_kernels());
    CHECK(!parse("/srv/[aio]").is_kernel_aio());
    CHECK(parse("                 [vdso]").is_kernels());
    CHECK(parse("                 [vvar_vclock]").is_kernels());
    CHECK(parse("/[aio] (deleted)").is_kernel_aio());
    CHECK(!Mapping::parse("7f00-7fff r--p 00000000 00:00 0").writable);
    CHECK(!Mapping::parse("7f00-7fff r--p 00000000 00:00 0").shared);
}

TEST_CASE("what lies behind a mapping is told by how its name begins") {
    using enum Mapping::Backing;
    const auto backing = [](const std::string& name) {
        return Mapping::parse(("7f00-7fff rw-s 00000000 00:01 7 " + name).c_str()).backing;
    };
    CHECK(backing("") == anonymous);
    CHECK(backing("[heap]") == anonymous);
    CHECK(backing("/dev/zero (deleted)") == shared_memory);
    CHECK(backing("/dev/shm/arena") == shared_memory);
    CHECK(backing("/memfd:arena (deleted)") == shared_memory);
    CHECK(backing("/SYSV00000000 (deleted)") == shared_memory);
    CHECK(backing("/secretmem (deleted)") == other);
    CHECK(backing("/srv/memfd:arena (deleted)") == file);
    CHECK(backing("/srv/dev/uio0") == file);
    CHECK(backing("/dev/uio0") == device);
    CHECK(backing("/dev/mem") == device);
    CHECK(backing("/sys/devices/pci0000:00/0000:00:02.0/resource2") == device);
    CHECK(backing("anon_inode:[perf_event]") == other);
}

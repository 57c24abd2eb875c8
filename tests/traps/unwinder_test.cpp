// Walking the stack ends at a goroutine's outermost frame, and does not run on into what lies above it.
#include <dlfcn.h>
#include <execinfo.h>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/hop.hpp"

namespace {

constexpr int room = 200;

/// Whether the walk ends before the room does, and all of it lies in this program: above the outermost frame comes
/// Boost's entry code, about which an unwinder knows nothing. A sanitizer puts a frame of its own at the start.
[[gnu::noinline]] bool walk_ends_well() {
    void* frames[room];
    const int n = ::backtrace(frames, room);
    if (n < 2 || n >= room) return false;
    Dl_info own, info;
    if (::dladdr(reinterpret_cast<void*>(&walk_ends_well), &own) == 0) return false;
    for (int i = 1; i < n; ++i)
        if (::dladdr(frames[i], &info) == 0 || info.dli_fbase != own.dli_fbase) return false;
    return true;
}

[[gnu::noinline]] int walk_from(int depth) {
    volatile int frame = depth;
    if (depth == 0) return walk_ends_well() ? 0 : 1000;
    return walk_from(depth - 1) + (frame - depth);
}

} // namespace

TEST_CASE("a walk up the stack of a goroutine ends") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        wg.go([] { VERIFY(walk_from(0) == 0); });
        wg.go([] { VERIFY(walk_from(50) == 0); });
        wg.go({.stack_size = 64 << 10}, [] { VERIFY(walk_from(20) == 0); });
        wg.wait();
        VERIFY(walk_from(3) == 0);
    });
}

TEST_CASE("a walk up the stack ends after the goroutine has parked and moved") {
    auto body = [] {
        fixture::hop();
        VERIFY(walk_from(10) == 0);
    };
    fixture::at_workers(2, body);
}

TEST_CASE("a walk up the stack ends on a stack that others have used before") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 100; ++i) {
            gofer::WaitGroup wg;
            wg.go([i] {
                VERIFY(walk_from(i % 20) == 0);
                gofer::yield();
                VERIFY(walk_from(i % 30) == 0);
            });
            wg.wait();
        }
    });
}

// fork(): in the child every runtime is dead, and using one says so clearly; the parent notices nothing.
#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"

namespace {

/// How a child ends that is forked here and calls f; it leaves by _exit(0) when f returns.
template <class F>
fixture::Death child_that(F f) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return {-1, ""};
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        std::signal(SIGABRT, SIG_DFL);
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[1]);
        ::alarm(30);
        f();
        ::_exit(0);
    }
    ::close(ends[1]);
    fixture::Death death{0, fixture::read_all(ends[0])};
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) death.signal = WTERMSIG(status);
    return death;
}

template <class F>
bool refused(F f) {
    const fixture::Death death = child_that(f);
    return death.signal == SIGABRT && death.says("use after fork");
}
template <class F>
bool works(F f) {
    return child_that(f).signal == 0;
}

/// Returns when the workers sleep: a thread within malloc leaves ASan's allocator locked in the child (until LLVM 17).
void first_use() {
    gofer::run([] { gofer::yield(); });
    gofer::WaitGroup wg;
    wg.go([] {});
    wg.wait();
    const gofer::sched::Scheduler& s = *gofer::sched::default_scheduler_slot().load();
    REQUIRE(fixture::eventually([&s] { return s.all_asleep(); }));
}

} // namespace

TEST_CASE("after a fork of a plain thread the child is told what it cannot do") {
    first_use();
    CHECK(refused([] { gofer::go([] {}); }));
    CHECK(refused([] { gofer::run([] {}); }));
    CHECK(refused([] { gofer::Runtime runtime; }));
    CHECK(refused([] { gofer::Channel<int>().receive(); }));
    CHECK(refused([] { gofer::sleep_for(std::chrono::milliseconds{1}); }));
    CHECK(refused([] {
        gofer::WaitGroup wg;
        wg.add(1);
        wg.wait();
    }));
    first_use();
}

TEST_CASE("what does not block works in the child of a fork, and so does exec") {
    first_use();
    CHECK(works([] {
        const gofer::Channel<int> c(1);
        c.send(1);
        if (c.receive() != 1) std::abort();
    }));
    CHECK(works([] {
        gofer::Mutex mutex;
        const std::lock_guard<gofer::Mutex> guard{mutex};
    }));
    CHECK(works([] { ::execl("/bin/true", "true", static_cast<char*>(nullptr)); }));
    CHECK(works([] { std::exit(0); }));
}

TEST_CASE("after a fork in a goroutine the child is told as well") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        VERIFY(works([] {}));
        VERIFY(refused([] { gofer::go([] {}); }));
        VERIFY(refused([] { gofer::yield(); }));
        VERIFY(refused([c] { c.receive(); }));
        VERIFY(refused([] { gofer::sleep_for(std::chrono::milliseconds{1}); }));
        VERIFY(refused([] { gofer::blocking([] {}); }));
        VERIFY(refused([] { gofer::run([] {}); }));
        gofer::yield();
    });
}

TEST_CASE("many forks beside busy goroutines leave the parent unharmed") {
    fixture::at_each_worker_count([] {
        std::atomic<bool> over{false};
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go([&over, c] {
            for (int i = 0; !over; ++i) c.send(i);
            c.close();
        });
        wg.go([c] {
            for ([[maybe_unused]] int v : c) gofer::go([] {});
        });
        const int forks = gofer::base::tsan_build ? 8 : 20; // one copies all of TSan's shadow, while the others burn
        for (int i = 0; i < forks; ++i) VERIFY(works([] {}));
        over = true;
        wg.wait();
        while (gofer::Runtime::current().stats().goroutines > 1) gofer::yield();
    });
}

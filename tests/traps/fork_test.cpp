// fork(): in the child every runtime is dead, and using one says so clearly; the parent notices nothing.
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gofer/gofer.hpp>
#include <gofer/sched/recorder.hpp>
#include <gofer/trace.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"
#include "../support/trace_reader.hpp"

namespace {

struct Child {
    pid_t pid;
    fixture::Death death;
};

/// How a child ends that is forked here and calls f; it leaves by _exit(0) when f returns.
template <class F>
Child child_that(F f) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return {-1, {-1, ""}};
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
    Child ended{child, {0, fixture::read_all(ends[0])}};
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) ended.death.signal = WTERMSIG(status);
    return ended;
}

/// Whether the child is told this, what to do, and who it was: with its stack, where stacks are shown.
template <class F>
bool refused(const std::string& how, F f) {
    const std::string who =
        gofer::this_goroutine::inside()
            ? "\ngoroutine " + std::to_string(gofer::this_goroutine::id()) + " [running]:\n"
            : "";
    const Child child = child_that(f);
    const std::string pid = std::to_string(child.pid);
    const std::string said =
        "fatal error: gofer: use after fork: in process " + pid + ", a child of fork, " + how +
        "; the runtime's threads exist in the parent only. In the child call exec or _exit, or fork before the library "
        "is first used\n";
    const std::string by = who.empty() ? "\nthread " + pid + " [running]:\n" : who;
    const bool right = child.death.signal == SIGABRT && child.death.message.find(said + by) == 0;
    if (!right) UNSCOPED_INFO(child.death.message);
    return right;
}
template <class F>
bool works(F f) {
    return child_that(f).death.signal == 0;
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
    CHECK(refused("a goroutine is started", [] { gofer::go([] {}); }));
    CHECK(refused("a goroutine is started", [] { gofer::Runtime::current().go([] {}); }));
    CHECK(refused("a goroutine is started", [] { gofer::async([] { return 1; }).get(); }));
    CHECK(refused("a Runtime is made", [] { gofer::run([] {}); }));
    CHECK(refused("a Runtime is made", [] { gofer::Runtime runtime; }));
    CHECK(refused("somebody waits: receive on channel", [] { gofer::Channel<int>().receive(); }));
    CHECK(refused("somebody waits: send on channel", [] { gofer::Channel<int>().send(1); }));
    CHECK(refused("somebody waits: sleep", [] { gofer::sleep_for(std::chrono::hours{1}); }));
    CHECK(refused("somebody waits: WaitGroup", [] {
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
    CHECK(works([] {
        static_cast<void>(gofer::Runtime::current().stats());
        gofer::yield();
        gofer::blocking([] {});
    }));
    CHECK(works([] { ::execl("/bin/true", "true", static_cast<char*>(nullptr)); }));
    CHECK(works([] { std::exit(0); }));
}

TEST_CASE("after a fork in a goroutine the child is told as well") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        VERIFY(works([] {}));
        VERIFY(refused("a goroutine is started", [] { gofer::go([] {}); }));
        VERIFY(refused("it yields", [] { gofer::yield(); }));
        VERIFY(refused("somebody waits: receive on channel", [c] { c.receive(); }));
        VERIFY(refused("somebody waits: sleep", [] { gofer::sleep_for(std::chrono::hours{1}); }));
        VERIFY(refused("blocking() is called", [] { gofer::blocking([] {}); }));
        VERIFY(refused("a Runtime is made", [] { gofer::run([] {}); }));
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

TEST_CASE("a mutex that a worker keeps taking, and by its bias, can be tried in the child of a fork") {
    std::atomic<bool> over{false};
    gofer::Mutex mutex;
    std::atomic<long> times{0};
    std::thread taker([&] {
        gofer::run(fixture::with_workers(1), [&] {
            while (!over) {
                mutex.lock();
                mutex.unlock();
                ++times;
            }
        });
    });
    const int forks = gofer::base::tsan_build ? 8 : 60;
    for (int i = 0; i < forks; ++i) {
        const long before = times;
        CHECK(fixture::eventually([&] { return times > before + 100'000; }));
        CHECK(works([&] {
            if (mutex.try_lock()) mutex.unlock();
        }));
    }
    over = true;
    taker.join();
}

TEST_CASE("the child of a fork records no trace, and is told so when it starts one") {
    const fixture::TracePath path{"fork"};
    gofer::trace::start(path);
    const gofer::Defer stop{[] { gofer::trace::stop(); }};
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        VERIFY(works([] {
            if (gofer::sched::recording()) std::abort();
        }));
        VERIFY(refused("it yields", [] { gofer::yield(); }));
        VERIFY(refused("somebody waits: receive on channel", [c] { c.receive(); }));
        VERIFY(refused("a trace is started", [] { gofer::trace::start("/dev/null"); }));
        VERIFY(gofer::sched::recording());
    });
}

// In a process of its own, in which nobody has used the default runtime before.
TEST_CASE("the default runtime does not start in the child of a fork") {
    const fixture::Death death = fixture::death_of([] {
        gofer::run([] { gofer::yield(); });
        if (!refused("the default runtime starts", [] { gofer::go([] {}); })) std::abort();
        if (!refused("the default runtime starts", [] { gofer::Runtime::current(); })) std::abort();
        first_use();
    });
    INFO(death.message);
    CHECK(death.signal == 0);
}

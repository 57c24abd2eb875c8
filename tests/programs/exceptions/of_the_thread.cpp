// What belongs to the thread and must not be kept across a park: the worker pointer behind this_goroutine::id(), and
// errno, which the library makes the goroutine's own.
#include <cerrno>
#include <string>

#include "crowd.hpp"

using exceptions::Crowd;
using programs::require;
using programs::Scenario;
using programs::Setting;

namespace {

// The C library declares errno's address constant, so a function that uses errno on both sides of a park may look at
// the errno of the thread it came from. Each use here stands in a function of its own.
[[gnu::noinline]] void set_errno(int value) {
    asm volatile("" ::: "memory");
    errno = value;
}
[[gnu::noinline]] int get_errno() {
    asm volatile("" ::: "memory");
    return errno;
}

const Scenario own_errno{"errno after a move", [](const Setting& s) {
    Crowd::run(s, [](Crowd& crowd, int i) {
        require(get_errno() == 0, "a new goroutine's errno is zero");
        set_errno(i);
        crowd.wait_here_and_move();
        require(get_errno() == i, "errno is the goroutine's own");
        set_errno(0);
    });
}};

// Nothing here can throw, so that it is one stretch of code to the optimizer, which likes to keep addresses in those.
[[gnu::noinline]] void moves(Crowd& crowd) noexcept {
    crowd.wait_here_and_move();
}
[[gnu::noinline]] bool is_the_same_after_a_move(Crowd& crowd) noexcept {
    const auto before = gofer::this_goroutine::id();
    moves(crowd);
    return gofer::this_goroutine::id() == before;
}

[[gnu::noinline]] const void* worker_asked_elsewhere() noexcept {
    asm volatile("" ::: "memory");
    return gofer::sched::this_worker();
}
[[gnu::noinline]] bool worker_is_asked_anew(Crowd& crowd) noexcept {
    const void* before = gofer::sched::this_worker();
    moves(crowd);
    const void* after = gofer::sched::this_worker();
    asm volatile("" ::"r"(before));
    return after == worker_asked_elsewhere();
}

const Scenario own_worker{"the worker after a move", [](const Setting& s) {
    Crowd::run(s, [](Crowd& crowd, int) { require(worker_is_asked_anew(crowd), "it is the one of this thread"); });
}};

const Scenario own_identity{"who one is after a move", [](const Setting& s) {
    Crowd::run(s, [](Crowd& crowd, int i) {
        gofer::this_goroutine::set_name("number " + std::to_string(i));
        require(is_the_same_after_a_move(crowd), "the id stays");
        require(gofer::this_goroutine::name() == "number " + std::to_string(i), "the name stays");
    });
}};

// Each turn of the loop may move the goroutine; were the worker kept from the turn before, this would spawn from and
// park on a worker that belongs to another thread.
const Scenario keeps_working{"spawning and waiting in a loop that moves", [](const Setting& s) {
    gofer::run(s.options(), [] {
        gofer::WaitGroup all;
        for (int g = 0; g < 50; ++g)
            all.go([] {
                for (int i = 0; i < 200; ++i) {
                    const auto id = gofer::this_goroutine::id();
                    const gofer::Channel<int> c;
                    gofer::go([c] { c.send(1); });
                    gofer::yield();
                    require(c.receive() == 1, "it arrives");
                    require(gofer::this_goroutine::id() == id, "the id stays");
                }
            });
        all.wait();
    });
}};

thread_local int marker = 0;
[[gnu::noinline]] int& own_marker() {
    asm volatile("" ::: "memory");
    return marker;
}

// thread_local follows the thread, and the goroutine does not: as the documentation says.
const Scenario of_the_thread{"thread_local after a move", [](const Setting& s) {
    Crowd::run(s, [](Crowd& crowd, int) {
        own_marker() = static_cast<int>(fixture::thread_now());
        crowd.wait_here_and_move();
        const int seen = own_marker();
        require(seen == 0 || seen == static_cast<int>(fixture::thread_now()), "it is the variable of this thread");
    });
}};

} // namespace

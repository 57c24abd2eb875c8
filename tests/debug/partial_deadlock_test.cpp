// Goroutines that nobody can wake any more are found while the program goes on; those whom somebody can are not, whatever
// lies about in memory.
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <memory>
#include <mutex>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/epoll.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gofer/gofer.hpp>
#include <gofer/debug/search_pace.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/looking.hpp"
#include "seen.hpp"

using namespace std::chrono_literals;
using gofer::Channel;
using seen::contains;

namespace {

/// Goroutines of one run are not to be taken for those that an earlier one has abandoned.
unsigned& rounds() {
    static unsigned count = 0;
    return count;
}
std::string now(const std::string& name) { return name + " of run " + std::to_string(rounds()); }
std::string quoted(const std::string& name) { return '"' + now(name) + '"'; }

/// Whether the system lets a process stop its own threads; a container may not.
bool can_look() {
    static const bool can = !fixture::could_not_look(fixture::report_of_leaked());
    if (!can) WARN("the threads of this process cannot be stopped: nothing is tested");
    return can;
}

void await_parked(const std::string& name) { seen::parked_line_of(now(name)); }

/// Sanitizers hide leaks: ThreadSanitizer keeps the addresses of what it has seen, frames among them, and AddressSanitizer
/// memory that was freed and frames that were left. Then it is only tested that nobody is accused.
constexpr bool all_hidden = gofer::base::tsan_build || gofer::base::asan_build;

/// An old value somewhere in memory may hide a leak, so several of a kind are started: one of them is to be found. The
/// report is left in `text`.
template <class Start>
bool is_found(std::vector<std::string> names, Start start, std::string& text) {
    for (int i = 0; i < (all_hidden ? 2 : 30); ++i) {
        start();
        for (const std::string& name : names) await_parked(name);
        for (int k = 0; k < 3; ++k) {
            text = fixture::report_of_leaked();
            bool all = true;
            for (const std::string& name : names) all = all && contains(text, quoted(name));
            if (all) return true;
            gofer::sleep_for(200us);
        }
    }
    return all_hidden;
}
bool says(const std::string& text, const std::string& part) { return all_hidden || contains(text, part); }
template <class Start>
bool is_found(std::vector<std::string> names, Start start) {
    std::string text;
    return is_found(std::move(names), start, text);
}
bool is_spared(const std::string& name) {
    await_parked(name);
    for (int i = 0; i < 3; ++i)
        if (const std::string text = fixture::report_of_leaked();
            contains(text, quoted(name)) || fixture::could_not_look(text))
            return false;
    return true;
}

constexpr unsigned workers_tried[] = {1, 2, 4};

/// Calls body as the main goroutine. What it leaks is abandoned.
template <class Body>
void beside_others(Body body) {
    if (!can_look()) return;
    for (const unsigned workers : workers_tried) {
        INFO("workers: " << workers);
        ++rounds();
        auto options = fixture::with_workers(workers);
        options.shutdown_grace = 0ms;
        gofer::run(options, [&body] { body(); });
        fixture::require_no_failures();
    }
}

/// A function apart, whose frame is gone afterwards.
template <class F>
[[gnu::noinline]] void apart(F f) {
    f();
    asm volatile("" ::: "memory");
}

void start_receiver(const std::string& name, Channel<int> c) {
    gofer::go({.name = now(name)}, [c = std::move(c)] { c.receive(); });
}

} // namespace

TEST_CASE("a receiver whose frame holds both handles of its channel is leaked") {
    beside_others([] {
        std::string text;
        VERIFY(is_found(
            {"alone"},
            [] {
                gofer::go({.name = now("alone")}, [] {
                    const Channel<int> c;
                    const Channel<int> d = c;
                    d.receive();
                });
            },
            text));
        VERIFY(says(text, "leaked: no one else has a pointer to it"));
    });
}

TEST_CASE("two that wait for each other are leaked, and each is named in the proof of the other") {
    beside_others([] {
        std::string text;
        VERIFY(is_found(
            {"first", "second"},
            [] {
                apart([] {
                    const Channel<int> a, b;
                    gofer::go({.name = now("first")}, [a, b] {
                        a.receive();
                        b.send(1);
                    });
                    gofer::go({.name = now("second")}, [a, b] {
                        b.receive();
                        a.send(1);
                    });
                });
            },
            text));
        VERIFY(says(text, "leaked: no one else has a pointer to it but goroutine"));
        VERIFY(says(text, ", leaked as well"));
    });
}

TEST_CASE("a ring of three is leaked") {
    beside_others([] {
        VERIFY(is_found({"ring0", "ring1", "ring2"}, [] {
            apart([] {
                const std::array<Channel<int>, 3> c;
                for (std::size_t i = 0; i < 3; ++i)
                    gofer::go({.name = now("ring" + std::to_string(i))},
                              [mine = c[i], next = c[(i + 1) % 3]] {
                                  mine.receive();
                                  next.send(1);
                              });
            });
        }));
    });
}

TEST_CASE("a receiver whose sender is gone, and a sender whose receiver is gone, are leaked") {
    beside_others([] {
        VERIFY(is_found({"receiver", "sender"}, [] {
            apart([] {
                const Channel<int> c, d;
                gofer::go({.name = now("receiver")}, [r = gofer::Receiver<int>(c)] { r.receive(); });
                gofer::go({.name = now("sender")}, [s = gofer::Sender<int>(d)] { s.send(1); });
                gofer::go([s = gofer::Sender<int>(c)] {});
            });
        }));
    });
}

TEST_CASE("a handle that was moved from holds nothing") {
    beside_others([] {
        Channel<int> here(nullptr);
        VERIFY(is_found({"moved"}, [&] {
            apart([&] {
                here = Channel<int>();
                start_receiver("moved", std::move(here));
            });
        }));
        VERIFY(here == nullptr);
    });
}

TEST_CASE("one that waits for a nil channel, or selects over nothing, is leaked") {
    beside_others([] {
        std::string text;
        VERIFY(is_found(
            {"nil", "nothing"},
            [] {
                gofer::go({.name = now("nil")}, [] { Channel<int>(nullptr).receive(); });
                gofer::go({.name = now("nothing")}, [] { gofer::select(); });
            },
            text));
        VERIFY(says(text, "nothing can ever end that"));
    });
}

TEST_CASE(
    "a select over two channels that nobody else knows is leaked, over one that somebody knows it is not") {
    beside_others([] {
        VERIFY(is_found({"both lost"}, [] {
            gofer::go({.name = now("both lost")}, [] {
                const Channel<int> a, b;
                gofer::select(gofer::recv(a), gofer::send(b, 1));
            });
        }));
        const Channel<int> known;
        gofer::go({.name = now("one known")}, [known] {
            const Channel<int> a;
            gofer::select(gofer::recv(a), gofer::recv(known));
        });
        VERIFY(is_spared("one known"));
        known.send(1);
    });
}

TEST_CASE("one that waits for a WaitGroup of its own, whose goroutines are leaked, is leaked with them") {
    beside_others([] {
        VERIFY(is_found({"waits", "never done"},
                        [] {
                            gofer::go({.name = now("waits")}, [] {
                                gofer::WaitGroup wg;
                                wg.go({.name = now("never done")}, [] {
                                    const Channel<int> c;
                                    c.receive();
                                });
                                wg.wait();
                            });
                        }));
    });
}

TEST_CASE("a Mutex on a leaked goroutine's stack keeps its waiter there, one that a live goroutine can "
          "unlock does not") {
    beside_others([] {
        VERIFY(is_found({"holder", "wants it"},
                        [] {
                            gofer::go({.name = now("holder")}, [] {
                                gofer::Mutex mutex;
                                mutex.lock();
                                gofer::go({.name = now("wants it")}, [&mutex] { mutex.lock(); });
                                const Channel<int> c;
                                c.receive();
                            });
                        }));
        gofer::Mutex live;
        live.lock();
        gofer::WaitGroup wg;
        wg.go({.name = now("gets it")}, [&live] { const std::lock_guard<gofer::Mutex> guard(live); });
        VERIFY(is_spared("gets it"));
        live.unlock();
        wg.wait();
    });
}

TEST_CASE("a channel whose other handle lies in a live object of the heap clears its receiver") {
    beside_others([] {
        const auto held = std::make_unique<Channel<int>>();
        apart([&] { start_receiver("live", *held); });
        VERIFY(is_spared("live"));
        held->send(1);
    });
}

TEST_CASE("one handle in the heap counts, however many copies a frame holds and has held") {
    beside_others([] {
        const auto held = std::make_unique<Channel<int>>();
        gofer::go({.name = now("many")}, [c = *held] {
            apart([&] {
                std::array<Channel<int>, 8> dead;
                dead.fill(c);
            });
            std::optional<Channel<int>> dropped[4] = {c, c, c, c};
            for (auto& d : dropped) d.reset();
            const std::array<Channel<int>, 8> copies{c, c, c, c, c, c, c, c};
            copies[3].receive();
        });
        VERIFY(is_spared("many"));
        held->send(1);
    });
}

TEST_CASE("a handle in another's frame, borrowed by reference, clears its owner") {
    beside_others([] {
        const Channel<int> go_on;
        gofer::go({.name = now("owner")}, [go_on] {
            const Channel<int> c; // its only handle
            gofer::go({.name = now("borrower")}, [&c, go_on] {
                go_on.receive();
                c.send(1);
            });
            c.receive();
        });
        VERIFY(is_spared("owner"));
        VERIFY(is_spared("borrower"));
        go_on.send(1);
    });
}

TEST_CASE(
    "a handle in a running goroutine, a thread, a global, a queued closure or a buffer clears its receiver") {
    beside_others([] {
        static Channel<int> global(nullptr);
        global = Channel<int>();
        apart([] { start_receiver("of a global", global); });

        const Channel<int> running;
        start_receiver("of a running one", running);

        const Channel<Channel<int>> buffer(1);
        apart([&] {
            const Channel<int> c;
            start_receiver("of a buffer", c);
            buffer.send(c);
        });

        std::mutex mutex;
        std::condition_variable told;
        bool go_on = false;
        std::thread thread;
        apart([&] {
            const Channel<int> c;
            start_receiver("of a thread", c);
            thread = std::thread([&, c] {
                std::unique_lock<std::mutex> lock(mutex);
                told.wait(lock, [&] { return go_on; });
                c.send(1);
            });
        });

        for (const char* name : {"of a global", "of a running one", "of a buffer", "of a thread"})
            VERIFY(is_spared(name));
        global.send(1);
        running.send(1);
        buffer.receive()->send(1);
        {
            const std::lock_guard<std::mutex> lock(mutex);
            go_on = true;
        }
        told.notify_one();
        thread.join();
    });
    if (!can_look()) return;
    gofer::run(fixture::with_workers(1),
               [] { // the only worker is busy here, so that the other one stays queued
                   const Channel<int> parked;
                   gofer::go({.name = now("of a queued one")}, [parked] { parked.receive(); });
                   await_parked("of a queued one");
                   apart([&] {
                       const Channel<int> c = parked;
                       gofer::go([c] { c.send(1); });
                   });
                   const_cast<Channel<int>&>(parked) = nullptr;
                   VERIFY(!contains(fixture::report_of_leaked(), quoted("of a queued one")));
               });
    fixture::require_no_failures();
}

TEST_CASE("a handle in a vector of the receiver's own is no proof, and a live one elsewhere clears as ever") {
    beside_others([] {
        const Channel<int> known;
        gofer::go({.name = now("vector")}, [known] {
            const std::vector<Channel<int>> own(3, known);
            own[1].receive();
        });
        VERIFY(is_spared("vector"));
        known.send(1);
    });
}

TEST_CASE("who has a deadline, a context or a timer is not suspected") {
    beside_others([] {
        const auto [ctx, cancel] = gofer::with_cancel(gofer::Context::background());
        gofer::go({.name = now("deadline")}, [] { static_cast<void>(Channel<int>().receive_for(1h)); });
        gofer::go({.name = now("context")}, [ctx = ctx] { static_cast<void>(Channel<int>().receive(ctx)); });
        gofer::go({.name = now("done")}, [ctx = ctx] { ctx.done().receive(); });
        gofer::go({.name = now("tick")}, [] { gofer::after(1h).receive(); });
        gofer::go({.name = now("either")},
                  [] { gofer::select(gofer::recv(gofer::after(1h)), gofer::recv(Channel<int>())); });
        gofer::go({.name = now("timeout")},
                  [] { gofer::select(gofer::timeout(1h), gofer::recv(Channel<int>())); });
        for (const char* name : {"deadline", "context", "done", "tick", "either", "timeout"})
            VERIFY(is_spared(name));
        cancel();
    });
}

TEST_CASE(
    "a Future whose Promise somebody has clears who waits for it, and one that its waiter has too does not") {
    beside_others([] {
        gofer::Promise<int> kept;
        gofer::WaitGroup wg;
        wg.go({.name = now("kept")}, [f = kept.future()]() mutable { f.get(); });
        VERIFY(is_found({"own promise"}, [] {
            gofer::go({.name = now("own promise")}, [] {
                gofer::Promise<int> p;
                p.future().get();
            });
        }));
        VERIFY(is_spared("kept"));
        kept.set_value(1);
        wg.wait();
    });
}

TEST_CASE("a pointer to a frame that only epoll keeps clears") {
    beside_others([] {
        const int poll = ::epoll_create1(EPOLL_CLOEXEC);
        int pipe[2];
        REQUIRE(::pipe(pipe) == 0);
        gofer::go({.name = now("polled")}, [poll, end = pipe[0]] {
            const Channel<int> c;
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.ptr = const_cast<Channel<int>*>(&c);
            ::epoll_ctl(poll, EPOLL_CTL_ADD, end, &event);
            c.receive();
        });
        VERIFY(is_spared("polled"));
        VERIFY(::write(pipe[1], "x", 1) == 1);
        epoll_event event{};
        VERIFY(::epoll_wait(poll, &event, 1, -1) == 1);
        static_cast<const Channel<int>*>(event.data.ptr)->send(1);
        for (const int file : {poll, pipe[0], pipe[1]}) ::close(file);
    });
}

TEST_CASE("a handle in main's frame clears while a handler runs on a stack that lies above it") {
    if (!can_look() || gofer::base::tsan_build) return; // TSan has handlers wait
    ++rounds();
    static std::atomic<bool> interrupted, goes_on;
    alignas(16) char above[64 * 1024];
    const stack_t ours{above, 0, sizeof above};
    stack_t theirs{};
    REQUIRE(::sigaltstack(&ours, &theirs) == 0);
    struct sigaction action{}, before{};
    action.sa_handler = [](int) {
        interrupted = true;
        while (!goes_on) ::sched_yield();
    };
    action.sa_flags = SA_ONSTACK;
    const int signal = SIGRTMIN + 4;
    REQUIRE(::sigaction(signal, &action, &before) == 0);
    bool spared = false;
    std::thread looks([&spared] {
        while (!interrupted) ::sched_yield();
        spared = is_spared("known to main");
        goes_on = true;
    });
    gofer::WaitGroup wg;
    apart([signal, &wg] {
        const Channel<int> c;
        wg.go({.name = now("known to main")}, [c] { c.receive(); });
        ::raise(signal);
        c.send(1);
    });
    looks.join();
    wg.wait();
    ::sigaction(signal, &before, nullptr);
    ::sigaltstack(&theirs, nullptr);
    CHECK(spared);
}

TEST_CASE("a pointer to a frame that only a timer of the system's keeps clears") {
    static std::atomic<const void*> given_back;
    struct sigaction action{}, before{};
    action.sa_sigaction = [](int, siginfo_t* info, void*) { given_back = info->si_value.sival_ptr; };
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    const int signal = SIGRTMIN + 4;
    REQUIRE(::sigaction(signal, &action, &before) == 0);
    beside_others([signal] {
        std::atomic<timer_t> timer{};
        given_back = nullptr;
        gofer::go({.name = now("timed")}, [signal, &timer] {
            const Channel<int> c;
            sigevent event{};
            event.sigev_notify = SIGEV_SIGNAL;
            event.sigev_signo = signal;
            event.sigev_value.sival_ptr = const_cast<Channel<int>*>(&c);
            timer_t made{};
            ::timer_create(CLOCK_MONOTONIC, &event, &made);
            timer = made;
            c.receive();
        });
        VERIFY(is_spared("timed"));
        const itimerspec soon{{0, 0}, {0, 1}};
        VERIFY(::timer_settime(timer, 0, &soon, nullptr) == 0);
        VERIFY(fixture::eventually([] { return given_back != nullptr; }));
        static_cast<const Channel<int>*>(given_back.load())->send(1);
        ::timer_delete(timer);
    });
    ::sigaction(signal, &before, nullptr);
}

TEST_CASE("a Future that a goroutine of another runtime owes clears: its runtime's end breaks the promise") {
    if (!can_look()) return;
    gofer::run(fixture::with_workers(2), [] {
        auto options = fixture::with_workers(1);
        options.shutdown_grace = 0ms;
        bool broken = false;
        gofer::WaitGroup wg;
        const Channel<gofer::Future<int>> handed;
        wg.go({.name = now("waits outside")}, [&broken, handed] {
            try {
                std::move(*handed.receive()).get();
            } catch (const std::future_error&) {
                broken = true;
            }
        });
        gofer::run(options, [handed] {
            handed.send(gofer::async([] {
                gofer::this_goroutine::set_name(now("owes"));
                return *Channel<int>().receive();
            }));
            await_parked("owes");
            VERIFY(is_spared("waits outside"));
        });
        wg.wait();
        VERIFY(broken);
    });
    fixture::require_no_failures();
}

TEST_CASE("the end of run waits no longer for those that are proven to be leaked") {
    if (!can_look() || all_hidden) return;
    std::atomic<bool> stop{false};
    std::thread other([&stop] { // so that not all threads are accounted for
        while (!stop) std::this_thread::sleep_for(1ms);
    });
    auto options = fixture::with_workers(2);
    options.shutdown_grace = 3s;
    bool soon = false;
    for (int i = 0; i < 10 && !soon; ++i) { // an old value may hide them
        gofer::debug::search_pace().end(0, 0, true); // as if there had been no search that calls for a pause
        const auto start = std::chrono::steady_clock::now();
        gofer::run(options, [] {
            gofer::go([] {
                const Channel<int> c;
                c.receive();
            });
            fixture::parked_reaches(1);
        });
        soon = std::chrono::steady_clock::now() - start < 2s;
    }
    CHECK(soon);
    stop = true;
    other.join();
    fixture::require_no_failures();
}

TEST_CASE("a search finds what is leaked and nothing else while everybody is busy") {
    if (!can_look()) return;
    for (const unsigned workers : workers_tried) {
        auto options = fixture::with_workers(workers);
        options.shutdown_grace = 0ms;
        gofer::run(options, [] {
            const Channel<Channel<int>> work(4), more;
            std::atomic<bool> stop{false};
            gofer::WaitGroup askers, others;
            for (int i = 0; i < 4; ++i)
                others.go({.name = now("relay")}, [work, more] {
                    while (auto c = work.receive()) more.send(std::move(*c));
                });
            for (int i = 0; i < 4; ++i)
                askers.go({.name = now("asker")}, [work, &stop] {
                    while (!stop) {
                        Channel<int> answer; // its other handle travels through others' hands
                        work.send(answer);
                        answer.receive();
                    }
                });
            others.go({.name = now("server")}, [more] {
                while (auto c = more.receive()) c->send(1);
            });
            VERIFY(is_found({"lost"}, [] { apart([] { start_receiver("lost", Channel<int>()); }); }));
            for (int i = 0; i < (all_hidden ? 15 : 50); ++i) { // a sanitizer's memory takes long to look at
                const std::string text = fixture::report_of_leaked();
                for (const char* name : {"relay", "asker", "server"}) VERIFY(!contains(text, quoted(name)));
                gofer::sleep_for(100us);
            }
            stop = true;
            askers.wait();
            work.close();
            more.close(); // a relay holds nothing any more: every asker has its answer
            others.wait();
        });
        fixture::require_no_failures();
    }
}

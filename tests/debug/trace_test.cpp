// The flight recorder: what it notes, and that it changes nothing.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include <gofer/gofer.hpp>
#include <gofer/sched/recorder.hpp>

#include "support/catch.hpp"
#include "support/dies.hpp"
#include "support/fixture.hpp"
#include "support/trace_reader.hpp"

namespace {

using namespace std::chrono_literals;
using fixture::Slice;
using fixture::TracePath;
using fixture::TraceReader;

template <class Body>
void at(unsigned workers, Body body) {
    fixture::at_workers(workers, body);
}

/// A recording, which ends with the scope when a test fails before it has stopped it.
struct Recorded {
    explicit Recorded(const std::string& path) { gofer::trace::start(path); }
    ~Recorded() {
        try {
            gofer::trace::stop();
        } catch (const std::system_error&) { // the test has failed already
        }
    }
    Recorded(const Recorded&) = delete;
    Recorded& operator=(const Recorded&) = delete;
};

template <class Body>
TraceReader trace_of(Body body, unsigned workers = 2) {
    const TracePath path;
    {
        const Recorded recorded{path};
        fixture::at_workers(workers, body);
    }
    return TraceReader{path};
}

/// Two named goroutines that hand an int to and fro.
void play(int rounds) {
    gofer::Channel<int> there, back;
    gofer::WaitGroup wg;
    wg.go({.name = "ping"}, [=] {
        for (int i = 0; i < rounds; ++i) {
            there.send(i);
            back.receive();
        }
    });
    wg.go({.name = "pong"}, [=] {
        for (int i = 0; i < rounds; ++i) {
            there.receive();
            back.send(i);
        }
    });
    wg.wait();
}

} // namespace

TEST_CASE("a trace is JSON with a begin and an end for each slice, in order") {
    for (const unsigned workers : fixture::worker_counts) {
        const TraceReader trace = trace_of([] { play(200); }, workers);
        CHECK(trace.of("ping").size() > 2);
        CHECK(trace.of("pong").size() > 2);
    }
}

TEST_CASE("no goroutine of a trace is on two tracks at a time") {
    for (const unsigned workers : fixture::worker_counts) {
        const TraceReader trace = trace_of([] { play(200); }, workers);
        for (const char* name : {"ping", "pong", "main"}) {
            double end = 0;
            for (const Slice& s : trace.of(name)) {
                CHECK(s.begin >= end);
                end = s.end;
            }
        }
    }
}

TEST_CASE("a slice carries name, id and place of its goroutine") {
    std::atomic<std::uint64_t> id{0};
    const TraceReader trace = trace_of([&] {
        gofer::WaitGroup wg;
        wg.go({.name = "reader \"x\"\n"}, [&] { id = gofer::this_goroutine::id(); });
        wg.wait();
    });
    const auto slices = trace.of("reader \"x\"\n (" + std::to_string(id) + ")");
    REQUIRE(slices.size() == 1);
    CHECK(slices[0].goroutine == static_cast<long long>(id));
    CHECK(slices[0].place.find("trace_test.cpp:") != std::string::npos);
}

TEST_CASE("a slice tells start, park with its reason, and end") {
    const TraceReader trace = trace_of([] {
        gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go({.name = "receiver"}, [c] { c.receive(); });
        if (!fixture::parked_reaches(1)) return c.close();
        c.send(1);
        wg.wait();
    });
    const auto slices = trace.of("receiver");
    REQUIRE(slices.size() == 2);
    CHECK(slices[0].here == "starts");
    CHECK(slices[0].then == "receive on channel");
    CHECK(slices[1].here == "goes on");
    CHECK(slices[1].then == "end");
}

TEST_CASE("an arrow leads from the waker's slice to the one in which the woken goes on") {
    for (const unsigned workers : fixture::worker_counts) {
        const TraceReader trace = trace_of([] { play(100); }, workers);
        REQUIRE(trace.arrows.size() > 2);
        for (const fixture::Arrow& arrow : trace.arrows) {
            CHECK(arrow.from <= arrow.to);
            const Slice* waker = trace.at(arrow.from_track, arrow.from);
            REQUIRE(waker != nullptr);
            const Slice* woken = trace.at(arrow.to_track, arrow.to);
            REQUIRE(woken != nullptr);
            const bool starts = woken->here == "starts";
            CHECK(arrow.name == (starts ? "start" : "wake"));
            CHECK((starts ? woken->started_by : woken->woken_by) ==
                  "goroutine " + std::to_string(waker->goroutine));
        }
    }
}

TEST_CASE("an arrow leads from whoever starts a goroutine to its first slice") {
    for (const unsigned workers : fixture::worker_counts) {
        const TraceReader trace = trace_of(
            [] {
                gofer::WaitGroup wg;
                for (int i = 0; i < 20; ++i)
                    wg.go({.name = "parent"}, [&wg] { wg.go({.name = "child"}, [] { gofer::yield(); }); });
                wg.wait();
            },
            workers);
        std::size_t firsts = 0;
        for (const Slice& s : trace.slices) firsts += s.here == "starts" && s.name.rfind("main", 0) != 0;
        CHECK(firsts == 40);
        CHECK(std::count_if(trace.arrows.begin(), trace.arrows.end(), [&trace](const fixture::Arrow& arrow) {
                  const Slice* parent = trace.at(arrow.from_track, arrow.from);
                  const Slice* first = trace.at(arrow.to_track, arrow.to);
                  return arrow.name == "start" && parent && first && arrow.from <= arrow.to &&
                         arrow.to == first->begin && first->here == "starts" &&
                         parent->name.rfind(first->name.rfind("child", 0) == 0 ? "parent" : "main", 0) == 0;
              }) == 40);
        for (const Slice& s : trace.of("child")) CHECK(s.started_by.empty() == (s.here != "starts"));
    }
}

TEST_CASE("a trace tells who starts goroutines from elsewhere: a thread, or one of another runtime") {
    std::uint64_t other = 0;
    const TraceReader trace = trace_of([&other] {
        std::thread{[] { gofer::run([] {}); }}.join();
        gofer::WaitGroup wg;
        gofer::Runtime& here = gofer::Runtime::current();
        wg.add(2);
        std::thread{[&here, &wg] { here.go({.name = "of a thread"}, [&wg] { wg.done(); }); }}.join();
        gofer::run([&] {
            other = gofer::this_goroutine::id();
            here.go({.name = "of another"}, [&wg] { wg.done(); });
        });
        wg.wait();
    });
    const auto of_thread = trace.of("of a thread"), of_another = trace.of("of another");
    REQUIRE(of_thread.size() == 1);
    CHECK(of_thread[0].started_by == "a thread");
    REQUIRE(of_another.size() == 1);
    CHECK(of_another[0].started_by == "goroutine " + std::to_string(other));
}

TEST_CASE("a goroutine that is started when a trace is over is as one that was never in any") {
    const TracePath path;
    fixture::at_each_worker_count([&path] {
        std::atomic<int> ended{0};
        const auto f = [&ended] { ++ended; };
        for (int round = 1; round <= 3; ++round) {
            gofer::trace::start(path);
            gofer::go(f);
            gofer::trace::stop();
            for (int i = 0; i < 10; ++i) gofer::go(f);
            gofer::yield();
            const gofer::sched::Worker& w = *gofer::sched::this_worker();
            gofer::go(f);
            VERIFY(gofer::sched::this_worker() != &w || w.starts_unrecorded.load() == w.scheduler);
            // None is left for the next trace, which would be right to record it.
            VERIFY(fixture::eventually([&] { return ended == 12 * round; }));
        }
        const TraceReader trace{path};
        VERIFY(trace.of("goroutine").size() <= 1);
    });
}

TEST_CASE("a trace tells a timer from a thread and a goroutine that wakes") {
    std::vector<Slice> slept, called;
    // A timer overtakes a thread that the system keeps waiting on the way to its park: then once more, with more time.
    for (auto time = 1ms; time <= 10s && (slept.empty() || slept.back().woken_by.empty()); time *= 10) {
        const TraceReader trace = trace_of([time] {
            gofer::WaitGroup wg;
            gofer::Channel<int> c;
            wg.go({.name = "called"}, [c] { c.receive(); });
            if (!fixture::parked_reaches(1)) return c.close();
            wg.go({.name = "sleeper"}, [time] { gofer::sleep_for(time); });
            std::thread{[c] { c.send(1); }}.join();
            wg.wait();
        });
        slept = trace.of("sleeper");
        called = trace.of("called");
    }
    REQUIRE(slept.size() == 2);
    CHECK(slept[0].then == "sleep");
    CHECK(slept[1].woken_by == "a timer");
    REQUIRE(called.size() == 2);
    CHECK(called[1].woken_by == "a thread");
}

TEST_CASE("a trace shows yields, and blocking code as a reason") {
    const TraceReader trace = trace_of([] {
        gofer::WaitGroup wg;
        wg.go({.name = "blocker"}, [] { gofer::blocking([] {}); });
        for (int i = 0; i < 3; ++i)
            wg.go({.name = "yielder"}, [] {
                for (int k = 0; k < 10; ++k) gofer::yield();
            });
        wg.wait();
    }, 1);
    CHECK(trace.of("blocker").at(0).then == "its blocking code");
    CHECK(trace.of("yielder").at(0).then == "yield");
}

TEST_CASE("a trace shows what one worker takes from another") {
    const TraceReader trace = trace_of([] {
        gofer::WaitGroup wg;
        std::atomic<bool> enough{false};
        for (int i = 0; i < 64; ++i)
            wg.go([&enough] {
                while (!enough) std::this_thread::yield();
            });
        static_cast<void>(fixture::eventually([] { return gofer::Runtime::current().stats().steals > 0; }));
        enough = true;
        wg.wait();
    });
    REQUIRE_FALSE(trace.thefts.empty());
    CHECK(trace.thefts[0].find("from worker") != std::string::npos);
}

TEST_CASE("a goroutine that runs when the trace begins is in it from its beginning") {
    const TracePath path;
    fixture::at_each_worker_count([&path] {
        gofer::this_goroutine::set_name("early");
        gofer::trace::start(path);
        const auto limit = gofer::Clock::now() + 10s;
        while (gofer::Clock::now() < limit && gofer::Runtime::current().stats().parks < 1) gofer::sleep_for(100us);
        gofer::trace::stop();
        const TraceReader trace{path};
        VERIFY(!trace.of("early").empty());
    });
}

TEST_CASE("a slice that goes on when the trace stops ends there") {
    const TracePath path;
    at(1, [&path] {
        gofer::trace::start(path);
        gofer::yield();
        gofer::WaitGroup wg;
        wg.go({.name = "stopper"}, [] { gofer::trace::stop(); });
        wg.wait();
        const TraceReader trace{path};
        VERIFY(trace.of("stopper").size() == 1);
        VERIFY(trace.of("stopper")[0].then == "goes on");
    });
}

TEST_CASE("a goroutine that ends as its runtime stops is in the trace") {
    for (int round = 0; round < 200; ++round) {
        const TraceReader trace = trace_of([] {
            std::atomic<bool> done{false};
            gofer::go({.name = "last"}, [&done] { done = true; });
            while (!done) std::this_thread::yield();
        });
        REQUIRE(trace.of("last").size() == 1);
    }
}

TEST_CASE("a second trace holds nothing of the first") {
    static_cast<void>(trace_of([] { play(10); }));
    const TraceReader second = trace_of([] {
        gofer::WaitGroup wg;
        wg.go({.name = "other"}, [] {});
        wg.wait();
    });
    CHECK(second.of("ping").empty());
    CHECK(second.of("other").size() == 1);
}

TEST_CASE("a goroutine that parked in one trace may be woken in the next, or in none") {
    const TracePath path;
    for (const bool next : {false, true}) {
        gofer::trace::start(path);
        at(2, [next, &path] {
            gofer::Channel<int> c;
            gofer::WaitGroup wg;
            wg.go([c] { c.receive(); });
            if (!fixture::parked_reaches(1)) return c.close();
            gofer::trace::stop();
            if (next) gofer::trace::start(path);
            c.send(1);
            wg.wait();
        });
        gofer::trace::stop();
        CHECK_NOTHROW(TraceReader{path});
    }
}

TEST_CASE("a goroutine that is unwound while a trace is recorded leaves no mark on its stack") {
    const TracePath path;
    const Recorded recorded{path};
    auto options = fixture::with_workers(2);
    options.shutdown_grace = 1ms;
    options.leaks = gofer::Leaks::unwind;
    bool unwound = false;
    gofer::run(options, [&unwound] {
        gofer::go([&unwound] {
            const gofer::Defer at_end{[&unwound] { unwound = true; }};
            gofer::Channel<int>{}.receive();
        });
        fixture::parked_reaches(1);
    });
    fixture::require_no_failures();
    CHECK(unwound);
    std::size_t marked = 0;
    gofer::task::stack_pools().for_each([&marked](const gofer::task::Goroutine& g) {
        if (g.state.load() == gofer::task::State::vacant && g.pinned_to != nullptr) ++marked;
    });
    CHECK(marked == 0);
}

TEST_CASE("of more events than a track holds the last are kept") {
    constexpr std::size_t most = gofer::sched::Track::capacity;
    const TraceReader trace = trace_of([] {
        gofer::WaitGroup wg;
        for (int i = 0; i < 2; ++i)
            wg.go({.name = "yielder"}, [] {
                for (std::size_t k = 0; k < most * 5 / 8; ++k) gofer::yield();
            });
        wg.wait();
        gofer::this_goroutine::set_name("last");
        gofer::yield();
    }, 1);
    for (const auto& [track, name] : trace.tracks)
        CHECK(std::count_if(trace.slices.begin(), trace.slices.end(),
                            [t = track](const Slice& s) { return s.track == t; }) <= std::ptrdiff_t{most});
    CHECK_FALSE(trace.of("last").empty());
}

TEST_CASE("arrows whose tail the ring has dropped are not in the trace") {
    const TraceReader trace = trace_of([] {
        gofer::WaitGroup wg;
        gofer::Channel<int> c;
        std::atomic<int> pinned{0};
        const auto on_a_thread_each = [&pinned] {
            ++pinned;
            while (pinned < 2) std::this_thread::yield();
        };
        wg.go({.name = "woken"}, [&, c] {
            const gofer::this_goroutine::Pin pin;
            on_a_thread_each();
            c.receive();
        });
        wg.go({.name = "waker"}, [&, c] {
            const gofer::this_goroutine::Pin pin;
            on_a_thread_each();
            fixture::parked_reaches(2);
            c.send(1);
            for (std::size_t i = 0; i < gofer::sched::Track::capacity * 5 / 4; ++i) gofer::yield();
        });
        wg.wait();
    });
    const auto woken = trace.of("woken");
    REQUIRE(woken.size() == 2);
    CHECK_FALSE(woken[1].woken_by.empty());
    CHECK(std::none_of(trace.arrows.begin(), trace.arrows.end(), [&](const fixture::Arrow& arrow) {
        return arrow.to_track == woken[1].track && arrow.to == woken[1].begin;
    }));
}

TEST_CASE("a pinned goroutine stays on its thread while a trace is recorded") {
    const TracePath path;
    const Recorded recorded{path};
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        for (int g = 0; g < 4; ++g)
            wg.go([] {
                const gofer::this_goroutine::Pin pin;
                const auto home = std::this_thread::get_id();
                for (int i = 0; i < 50; ++i) {
                    if (i % 2 == 0)
                        gofer::sleep_for(10us);
                    else
                        gofer::yield();
                    VERIFY(std::this_thread::get_id() == home);
                }
            });
        wg.wait();
    });
    gofer::trace::stop();
    CHECK_NOTHROW(TraceReader{path});
}

TEST_CASE("a pair that wakes each other keeps no third from running while a trace is recorded") {
    const TracePath path;
    const Recorded recorded{path};
    at(1, [] {
        gofer::Channel<int> there, back;
        std::atomic<bool> stop{false};
        std::atomic<int> turns{0};
        gofer::WaitGroup wg;
        wg.go([&] {
            while (!stop) {
                there.send(1);
                back.receive();
            }
            there.close();
        });
        wg.go([&] {
            while (there.receive()) back.send(1);
        });
        wg.go([&] {
            while (++turns < 1000) gofer::yield();
            stop = true;
        });
        wg.wait();
        VERIFY(turns == 1000);
    });
}

TEST_CASE("a trace that is recorded cannot be started again") {
    const TracePath path, other{"other"};
    const Recorded recorded{path};
    CHECK_THROWS_AS(gofer::trace::start(other), std::logic_error);
}

TEST_CASE("stopping a trace that is not recorded does nothing") {
    CHECK_NOTHROW(gofer::trace::stop());
}

TEST_CASE("a trace whose file cannot be made throws, and is not recorded") {
    CHECK_THROWS_AS(gofer::trace::start("/nonexistent/trace.json"), std::system_error);
    CHECK_NOTHROW(gofer::trace::stop());
}

TEST_CASE("a trace that does not fit on its disk says so when it stops") {
    if (!std::ifstream{"/dev/full"}) return;
    gofer::trace::start("/dev/full");
    CHECK_THROWS_AS(gofer::trace::stop(), std::system_error);
}

TEST_CASE("a fatal error writes the trace") {
    const bool child = std::getenv("GOFER_TEST_CHILD") != nullptr;
    std::optional<TracePath> path;
    if (!child) path.emplace("fatal");
    const auto death = fixture::death_of([] {
        gofer::trace::start("/tmp/gofer_" + std::to_string(::getppid()) + "_fatal.json");
        gofer::run([] {
            gofer::this_goroutine::set_name("culprit");
            gofer::yield();
            gofer::Mutex m;
            m.unlock();
        });
    });
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("fatal error"));
    CHECK_FALSE(TraceReader{*path}.of("culprit").empty());
}

TEST_CASE("an exception that leaves a goroutine writes the trace") {
    const bool child = std::getenv("GOFER_TEST_CHILD") != nullptr;
    std::optional<TracePath> path;
    if (!child) path.emplace("uncaught");
    const auto death = fixture::death_of([] {
        gofer::trace::start("/tmp/gofer_" + std::to_string(::getppid()) + "_uncaught.json");
        gofer::run([] {
            gofer::go({.name = "thrower"}, [] { throw std::runtime_error("gone"); });
            gofer::sleep_for(10s);
        });
    });
    CHECK(death.signal == SIGABRT);
    CHECK_FALSE(TraceReader{*path}.of("thrower").empty());
}

TEST_CASE("a deadlock writes the trace") {
    const bool child = std::getenv("GOFER_TEST_CHILD") != nullptr;
    std::optional<TracePath> path;
    if (!child) path.emplace("deadlock");
    const auto death = fixture::death_of([] {
        gofer::trace::start("/tmp/gofer_" + std::to_string(::getppid()) + "_deadlock.json");
        gofer::run([] {
            gofer::this_goroutine::set_name("stuck");
            gofer::yield();
            gofer::Channel<int>{}.receive();
        });
    });
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("all goroutines are asleep - deadlock!"));
    CHECK_FALSE(TraceReader{*path}.of("stuck").empty());
}

TEST_CASE("a child of fork that stops the trace leaves it to its parent, whoever had its locks then") {
    const TracePath path;
    const Recorded recorded{path};
    at(1, [] {
        gofer::this_goroutine::set_name("forks");
        pid_t child = -1;
        gofer::sched::Recorder::instance().with_track(*gofer::sched::this_worker(), [&child](gofer::sched::Track&) {
            child = ::fork();
            if (child != 0) return;
            ::alarm(30);
            gofer::trace::stop(); // as at exit
            ::_exit(0);
        });
        int status = 0;
        VERIFY(::waitpid(child, &status, 0) == child);
        VERIFY(WIFEXITED(status));
        gofer::yield();
    });
    gofer::trace::stop();
    CHECK_FALSE(TraceReader{path}.of("forks").empty());
}

TEST_CASE("a program under GOFER_TRACE writes its trace at exit") {
    if (std::getenv("GOFER_TEST_CHILD") != nullptr) {
        gofer::run([] { play(10); });
        std::exit(0);
    }
    const TracePath path{"environment"};
    ::setenv("GOFER_TRACE", static_cast<const std::string&>(path).c_str(), 1);
    const auto end = fixture::death_of([] {});
    ::unsetenv("GOFER_TRACE");
    CHECK(end.signal == 0);
    CHECK_FALSE(TraceReader{path}.of("ping").empty());
}

TEST_CASE("a trace that is not stopped is written at exit") {
    const bool child = std::getenv("GOFER_TEST_CHILD") != nullptr;
    std::optional<TracePath> path;
    if (!child) path.emplace("exit");
    const auto end = fixture::death_of([] {
        gofer::trace::start("/tmp/gofer_" + std::to_string(::getppid()) + "_exit.json");
        gofer::run([] { play(10); });
        std::exit(0);
    });
    CHECK(end.signal == 0);
    CHECK_FALSE(TraceReader{*path}.of("ping").empty());
}

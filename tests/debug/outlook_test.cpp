// Who could still wake somebody. The first half: what goes on is never taken for the end, though it hangs by one thread
// at each moment. The test's own thread judges all the time beside it, and is the one other thread there may be.
#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>
#include <stop_token>
#include <sys/time.h>
#include <thread>

#include <gofer/debug/outlook.hpp>
#include <gofer/gofer.hpp>

#include "support/catch.hpp"
#include "support/fixture.hpp"

using namespace std::chrono_literals;
using gofer::debug::judge;

namespace {

/// Nobody but the calling thread could wake anybody.
bool is_hopeless() {
    const auto outlook = judge();
    return outlook.hopeless && outlook.others <= 1;
}

/// Judges as long as `busy` runs on a thread of its own, and returns how often that looked hopeless.
template <class Busy>
unsigned false_alarms(Busy busy) {
    std::atomic<bool> over{false};
    std::thread thread{[&] {
        busy();
        over = true;
    }};
    unsigned alarms = 0;
    while (!over)
        if (is_hopeless() && !over) ++alarms;
    thread.join();
    return alarms;
}

gofer::RuntimeOptions quiet(unsigned workers) {
    auto options = fixture::with_workers(workers);
    options.deadlock = gofer::Deadlock::ignore;
    return options;
}

/// Sends back what it gets.
void echo(const gofer::Channel<int>& there, const gofer::Channel<int>& back) {
    for (const int v : there) back.send(v);
}

void exchange(const gofer::Channel<int>& there, const gofer::Channel<int>& back, int rounds) {
    for (int i = 0; i < rounds; ++i) {
        there.send(i);
        VERIFY(back.receive() == i);
    }
    there.close();
}

/// Whether it looks hopeless in the end while `stuck` runs as a main goroutine, which `release` ends.
template <class Stuck, class Release>
bool is_seen(unsigned workers, Stuck stuck, Release release) {
    std::thread thread{[&] { gofer::run(quiet(workers), stuck); }};
    const bool seen = fixture::eventually(is_hopeless);
    release();
    thread.join();
    return seen;
}

} // namespace

TEST_CASE("a plain thread and a goroutine that wake each other never look hopeless") {
    for (const unsigned workers : fixture::worker_counts)
        CHECK(false_alarms([workers] {
                  gofer::Runtime runtime{quiet(workers)};
                  const gofer::Channel<int> there, back;
                  runtime.go([=] { echo(there, back); });
                  exchange(there, back, 3000);
              }) == 0);
    fixture::require_no_failures();
}

TEST_CASE("two runtimes that wake each other never look hopeless") {
    for (const unsigned workers : fixture::worker_counts)
        CHECK(false_alarms([workers] {
                  gofer::Runtime runtime{quiet(workers)};
                  const gofer::Channel<int> there, back;
                  runtime.go([=] { echo(there, back); });
                  gofer::run(quiet(workers), [=] { exchange(there, back, 3000); });
              }) == 0);
    fixture::require_no_failures();
}

TEST_CASE("two plain threads that wake each other never look hopeless") {
    CHECK(false_alarms([] {
              const gofer::Channel<int> there, back;
              std::thread thread{[&] { echo(there, back); }};
              exchange(there, back, 3000);
              thread.join();
          }) == 0);
    fixture::require_no_failures();
}

TEST_CASE("short sleeps never look hopeless") {
    for (const unsigned workers : fixture::worker_counts)
        CHECK(false_alarms([workers] {
                  gofer::run(quiet(workers), [] {
                      for (int i = 0; i < 1000; ++i) gofer::sleep_for(50us);
                  });
              }) == 0);
}

TEST_CASE("waits that a context's deadline ends never look hopeless") {
    for (const unsigned workers : fixture::worker_counts)
        CHECK(false_alarms([workers] {
                  gofer::run(quiet(workers), [] {
                      const gofer::Channel<int> never;
                      for (int i = 0; i < 1000; ++i) {
                          auto [ctx, cancel] = gofer::with_timeout(gofer::Context::background(), 50us);
                          auto [child, cancel_child] = gofer::with_cancel(ctx);
                          if (i % 2)
                              never.receive(child);
                          else
                              child.done().receive();
                      }
                  });
              }) == 0);
}

TEST_CASE("timers that start goroutines never look hopeless") {
    for (const unsigned workers : fixture::worker_counts)
        CHECK(false_alarms([workers] {
                  gofer::run(quiet(workers), [] {
                      const gofer::Channel<int> c;
                      for (int i = 0; i < 1000; ++i) {
                          gofer::after_func(50us, [c] { c.send(1); });
                          c.receive();
                      }
                  });
              }) == 0);
}

TEST_CASE("blocking code never looks hopeless") {
    for (const unsigned workers : fixture::worker_counts)
        CHECK(false_alarms([workers] {
                  gofer::run(quiet(workers), [] {
                      for (int i = 0; i < 1000; ++i) gofer::blocking([] { std::this_thread::sleep_for(20us); });
                  });
              }) == 0);
}

TEST_CASE("threads that come and go never look hopeless") {
    for (const unsigned workers : fixture::worker_counts)
        CHECK(false_alarms([workers] {
                  gofer::run(quiet(workers), [] {
                      const gofer::Channel<int> c;
                      for (int i = 0; i < 300; ++i) {
                          std::thread{[c] { c.send(1); }}.detach();
                          c.receive();
                      }
                  });
              }) == 0);
}

TEST_CASE("signals that come from outside never look hopeless") {
    ::signal(SIGALRM, SIG_IGN); // for one that comes when nobody listens any more
    CHECK(false_alarms([] {
              gofer::run(quiet(2), [] {
                  const auto alarms = gofer::signals({SIGALRM});
                  const itimerval every_ms{{0, 1000}, {0, 1000}}, none{};
                  ::setitimer(ITIMER_REAL, &every_ms, nullptr);
                  for (int i = 0; i < 300; ++i)
                      if (i % 2) {
                          alarms.receive();
                      } else {
                          auto [ctx, cancel] = gofer::with_signals(gofer::Context::background(), {SIGALRM});
                          ctx.done().receive();
                      }
                  ::setitimer(ITIMER_REAL, &none, nullptr);
              });
          }) == 0);
}

TEST_CASE("a goroutine that nobody but the caller can wake looks hopeless") {
    for (const unsigned workers : fixture::worker_counts) {
        const gofer::Channel<int> c;
        CHECK(is_seen(workers, [c] { c.receive(); }, [c] { c.send(1); }));
    }
}

TEST_CASE("a runtime inside of a goroutine can look hopeless") {
    const gofer::Channel<int> c;
    CHECK(is_seen(2, [c] { gofer::run(quiet(2), [c] { c.receive(); }); }, [c] { c.send(1); }));
}

TEST_CASE("a timer of a context that nobody waits for is no hope") {
    const gofer::Channel<int> c;
    CHECK(is_seen(
        2,
        [c] {
            auto [ctx, cancel] = gofer::with_timeout(gofer::Context::background(), 1h);
            const auto done = ctx.done();
            c.receive();
        },
        [c] { c.send(1); }));
}

TEST_CASE("a stop token is a hope as long as somebody has its source, and has not asked it to stop") {
    const gofer::Channel<int> c;
    std::stop_source kept;
    std::optional<std::stop_source> last{std::in_place};
    const gofer::Context of_kept = gofer::with_stop_token(gofer::Context::background(), kept.get_token());
    const gofer::Context of_last = gofer::with_stop_token(gofer::Context::background(), last->get_token());
    const auto hopes = [] { return judge().stop_may_come; };
    CHECK(is_seen(
        2, [c] { c.receive(); },
        [&] {
            CHECK(fixture::eventually(hopes));
            kept.request_stop();
            CHECK(fixture::eventually(hopes));
            last.reset();
            CHECK(fixture::eventually([] { return is_hopeless() && !judge().stop_may_come; }));
            c.send(1);
        }));
    CHECK(of_kept.cancelled());
    CHECK_FALSE(of_last.cancelled());
}

TEST_CASE("signals that nobody waits for are no hope") {
    const gofer::Channel<int> c;
    CHECK(is_seen(
        2,
        [c] {
            const auto signals = gofer::signals({SIGUSR1});
            auto [ctx, cancel] = gofer::with_signals(gofer::Context::background(), {SIGUSR2});
            c.receive();
        },
        [c] { c.send(1); }));
}

TEST_CASE("blocking code that is blocked in the library is no hope") {
    const gofer::Channel<int> c;
    CHECK(is_seen(2, [c] { gofer::blocking([c] { c.receive(); }); }, [c] { c.send(1); }));
}

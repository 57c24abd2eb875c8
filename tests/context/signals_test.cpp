// Signals as values and as the end of a context. Behaviour after Go's os/signal and its tests.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;
using gofer::Context;
using gofer::signals;
using gofer::with_signals;

namespace {

bool handled(int number) {
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    return now.sa_handler != SIG_DFL;
}

/// The number in the cause of a context that a signal ended; 0 if it is another.
int signal_of(const Context& ctx) {
    try {
        if (ctx.cancelled()) std::rethrow_exception(ctx.cause());
    } catch (const gofer::SignalReceived& e) {
        return e.number;
    } catch (const std::exception&) {
        return 0;
    }
    return 0;
}

} // namespace

TEST_CASE("a signal arrives on the channel as its number") {
    fixture::at_each_worker_count([] {
        const auto c = signals({SIGUSR1, SIGHUP});
        ::raise(SIGHUP);
        VERIFY(c.receive() == SIGHUP);
        ::raise(SIGUSR1);
        VERIFY(c.receive() == SIGUSR1);
        VERIFY(c.try_receive().empty());
    });
}

TEST_CASE("every channel that wants a signal gets it, and no other does") {
    fixture::at_each_worker_count([] {
        const auto one = signals({SIGUSR1}), two = signals({SIGUSR1, SIGHUP}), other = signals({SIGHUP});
        ::raise(SIGUSR1);
        VERIFY(one.receive() == SIGUSR1 && two.receive() == SIGUSR1);
        VERIFY(other.try_receive().empty());
    });
}

TEST_CASE("a channel that nobody reads holds up no one, and keeps the first signals") {
    fixture::at_each_worker_count([] {
        const auto lazy = signals({SIGUSR1});
        const auto keen = signals({SIGUSR1});
        for (int i = 0; i < 40; ++i) {
            ::raise(SIGUSR1);
            VERIFY(keen.receive() == SIGUSR1);
        }
        VERIFY(lazy.size() == lazy.capacity());
    });
}

TEST_CASE("a context ends at the first of its signals, with the number in the cause") {
    fixture::at_each_worker_count([] {
        auto [ctx, cancel] = with_signals(Context::background(), {SIGUSR1, SIGHUP});
        auto [child, cancel_child] = gofer::with_cancel(ctx);
        VERIFY(!ctx.cancelled());
        ::raise(SIGUSR1);
        VERIFY(!ctx.done().receive());
        VERIFY(ctx.err() == std::errc::operation_canceled);
        child.done().receive();
        VERIFY(signal_of(ctx) == SIGUSR1 && signal_of(child) == SIGUSR1);
    });
}

TEST_CASE("a context of signals is cancelled as any other, by hand and by its parent") {
    fixture::at_each_worker_count([] {
        auto [parent, cancel_parent] = gofer::with_cancel(Context::background());
        auto [one, cancel_one] = with_signals(parent, {SIGUSR1});
        auto [two, cancel_two] = with_signals(parent, {SIGUSR1});
        cancel_one();
        VERIFY(one.cancelled() && !two.cancelled() && signal_of(one) == 0);
        cancel_parent();
        VERIFY(two.cancelled());
        VERIFY(fixture::eventually([] { return !handled(SIGUSR1); }));
    });
}

TEST_CASE("the former effect comes back with the end of the last that wanted the signal") {
    fixture::on_a_plain_thread([] {
        VERIFY(!handled(SIGUSR1));
        {
            auto [one, cancel_one] = with_signals(Context(), {SIGUSR1});
            {
                auto [two, cancel_two] = with_signals(Context(), {SIGUSR1});
            }
            VERIFY(handled(SIGUSR1));
        }
        VERIFY(!handled(SIGUSR1));
    });
}

TEST_CASE("a handler that was there before comes back, and one set since stays") {
    fixture::on_a_plain_thread([] {
        static std::atomic<int> seen{0};
        const auto count = [](int) { ++seen; };
        std::signal(SIGUSR1, count);
        {
            auto [ctx, cancel] = with_signals(Context(), {SIGUSR1});
            ::raise(SIGUSR1);
            ctx.done().receive();
            VERIFY(seen == 0);
        }
        ::raise(SIGUSR1);
        VERIFY(seen == 1);
        {
            auto [ctx, cancel] = with_signals(Context(), {SIGUSR1});
            std::signal(SIGUSR1, SIG_IGN);
        }
        ::raise(SIGUSR1);
        std::signal(SIGUSR1, SIG_DFL);
    });
}

TEST_CASE("a second signal has its former effect: here it ends the process") {
    const fixture::Death death = fixture::death_of([] {
        auto [ctx, cancel] = with_signals(Context(), {SIGTERM});
        ::raise(SIGTERM);
        ctx.done().receive();
        while (handled(SIGTERM)) std::this_thread::yield();
        ::raise(SIGTERM);
    });
    CHECK(death.signal == SIGTERM);
}

TEST_CASE("a signal that came for a channel nobody holds any more has its former effect") {
    const fixture::Death death = fixture::death_of([] {
        static_cast<void>(signals({SIGTERM}));
        ::raise(SIGTERM);
        std::this_thread::sleep_for(1min);
    });
    CHECK(death.signal == SIGTERM);
}

TEST_CASE("what cannot be caught, or is no signal, is refused, and nothing stays behind") {
    fixture::on_a_plain_thread([] {
        VERIFY(fixture::throws<std::system_error>([] { (void)signals({SIGUSR1, SIGKILL}); }));
        VERIFY(fixture::throws<std::system_error>([] { (void)with_signals(Context(), {SIGUSR1, SIGSTOP}); }));
        VERIFY(fixture::throws<std::invalid_argument>([] { (void)signals({0}); }));
        VERIFY(fixture::throws<std::invalid_argument>([] { (void)signals({65}); }));
        VERIFY(fixture::throws<std::invalid_argument>([] { (void)with_signals(Context(), {}); }));
        VERIFY(!handled(SIGUSR1));
    });
}

TEST_CASE("a system without a descriptor left is told by signals and with_signals, and by nothing worse") {
    if (gofer::base::asan_build) return; // UBSan asks by a pipe whether memory may be read
    const fixture::Death death = fixture::death_of([] {
        rlimit few{};
        ::getrlimit(RLIMIT_NOFILE, &few);
        few.rlim_cur = 3;
        ::setrlimit(RLIMIT_NOFILE, &few);
        const bool told = fixture::throws<std::system_error>([] { static_cast<void>(signals({SIGUSR2})); }) &&
                          fixture::throws<std::system_error>([] { static_cast<void>(with_signals(Context(), {SIGUSR1})); });
        std::fputs(told ? "both throw" : "not both throw", stderr);
    });
    CHECK(death.signal == 0);
    CHECK(death.says("both throw"));
}

TEST_CASE("in a child of fork a signal has its former effect") {
    if (gofer::base::tsan_build) return; // it holds signals back
    const auto c = signals({SIGTERM});
    const pid_t child = ::fork();
    if (child == 0) {
        ::raise(SIGTERM);
        ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM));
}

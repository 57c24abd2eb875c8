// Everyone is asleep, and somebody from outside wakes them after three seconds.
#include <chrono>
#include <csignal>
#include <pthread.h>
#include <stop_token>
#include <thread>
#include <unistd.h>

#include "../support/said.hpp"
#include "../support/scenario.hpp"

using namespace std::chrono_literals;
using programs::require;
using programs::Scenario;
using programs::Setting;

namespace {

const Scenario late{"a thread calls late", [](const Setting& s) {
    const gofer::Channel<int> c;
    std::thread thread{[c] {
        std::this_thread::sleep_for(3s);
        programs::await_words();
        c.send(1);
    }};
    gofer::run(s.options(), [c] { require(c.receive() == 1, "the thread sends"); });
    thread.join();
}};

const Scenario in_sigwait{"a thread in sigwait calls late", [](const Setting& s) {
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &usr1, nullptr); // before any other thread
    const gofer::Channel<int> c;
    std::thread thread{[c, usr1] {
        int number = 0;
        ::sigwait(&usr1, &number);
        c.send(number);
    }};
    std::thread caller{[] {
        std::this_thread::sleep_for(3s);
        programs::await_words();
        ::kill(::getpid(), SIGUSR1);
    }};
    gofer::run(s.options(), [c] { require(c.receive() == SIGUSR1, "the thread sends"); });
    thread.join();
    caller.join();
}};

const Scenario stopped{"stop is requested late", [](const Setting& s) {
    std::stop_source source;
    std::thread thread{[&source] {
        std::this_thread::sleep_for(3s);
        source.request_stop();
    }};
    gofer::run(s.options(), [&source] {
        const gofer::Context ctx = gofer::with_stop_token(gofer::Context::background(), source.get_token());
        ctx.done().receive();
    });
    thread.join();
}};

// The alarm clock of the system: no thread is behind it.
const Scenario signalled{"a signal comes late", [](const Setting& s) {
    gofer::run(s.options(), [] {
        const auto alarms = gofer::signals({SIGALRM});
        ::alarm(2);
        require(alarms.receive() == SIGALRM, "the signal arrives");
        auto [ctx, cancel] = gofer::with_signals(gofer::Context::background(), {SIGALRM});
        ::alarm(1);
        ctx.done().receive();
    });
}};

} // namespace

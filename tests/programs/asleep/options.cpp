// Deadlocks, and what the options say of them.
#include <chrono>
#include <csignal>
#include <thread>
#include <unistd.h>

#include "../support/said.hpp"
#include "../support/scenario.hpp"

using namespace std::chrono_literals;
using programs::exit_after_the_report;
using programs::Scenario;
using programs::Setting;

namespace {

gofer::RuntimeOptions with(const Setting& s, gofer::Deadlock what) {
    auto options = s.options();
    options.deadlock = what;
    return options;
}

void wait_for_ever() {
    gofer::Channel<int>{nullptr}.receive();
}

/// Ends the process, as a success, after a time: it went on until then. The thread never calls the library.
void end_after(std::chrono::milliseconds time) {
    std::thread{[time] {
        std::this_thread::sleep_for(time);
        std::_Exit(0);
    }}.detach();
}

const Scenario abort_was_said{"abort was said", [](const Setting& s) {
    end_after(30s);
    gofer::run(with(s, gofer::Deadlock::abort), wait_for_ever);
}};

const Scenario last_ends{"the last thread ends", [](const Setting& s) {
    std::thread{[] { std::this_thread::sleep_for(200ms); }}.detach();
    gofer::run(s.options(), wait_for_ever);
}};

// The alarm clock ends the process: no thread is behind it.
void exit_at_alarm(unsigned seconds) {
    ::signal(SIGALRM, [](int) { ::_exit(0); });
    ::alarm(seconds);
}

// The first time a thread comes to their help; the second time nobody does.
const Scenario twice{"asleep twice", [](const Setting& s) {
    std::thread{[] { std::this_thread::sleep_for(1h); }}.detach();
    const gofer::Channel<int> c;
    std::thread{[c] {
        programs::await_words();
        std::this_thread::sleep_for(1s);
        c.send(1);
        exit_at_alarm(3);
    }}.detach();
    gofer::run(s.options(), [c] {
        c.receive();
        c.receive();
    });
}};

const Scenario report_was_said{"report was said", [](const Setting& s) {
    exit_after_the_report();
    gofer::run(with(s, gofer::Deadlock::report), wait_for_ever);
}};

const Scenario ignore_was_said{"ignore was said", [](const Setting& s) {
    exit_at_alarm(2);
    gofer::run(with(s, gofer::Deadlock::ignore), wait_for_ever);
}};

const Scenario in_default{"in the default runtime", [](const Setting&) {
    exit_after_the_report();
    gofer::WaitGroup never;
    never.add(1);
    gofer::go({.name = "waiter"}, [&never] { never.wait(); });
    never.wait();
}};

const Scenario inner{"in an inner runtime", [](const Setting& s) {
    gofer::run(s.options(), [&s] { gofer::run(s.options(), wait_for_ever); });
}};

// No goroutine anywhere.
const Scenario alone{"main alone", [](const Setting&) {
    exit_after_the_report();
    gofer::Channel<int>{}.receive();
}};

const Scenario threads_alone{"threads alone", [](const Setting&) {
    exit_after_the_report();
    gofer::Mutex mutex;
    std::thread other{[&mutex] {
        mutex.lock();
        wait_for_ever();
    }};
    std::this_thread::sleep_for(1500ms);
    mutex.lock();
}};

// Another thread, which has never called, may be about to.
const Scenario unknown{"main and an unknown thread", [](const Setting&) {
    end_after(4s);
    gofer::Channel<int>{}.receive();
}};

} // namespace

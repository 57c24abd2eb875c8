// dump_on_signal: the dump of all goroutines on stderr whenever a signal comes, as kill -QUIT has a Go program give.
// The handler only tells the monitor's thread, which writes.
#pragma once

#include <csignal>
#include <stdexcept>

#include <gofer/debug/dump.hpp>

namespace gofer::inline v1 {
namespace debug {

inline void dump_to_stderr() noexcept {
    Dump dump;
    dump.ask_running();
    if (dump.empty()) base::say("gofer: no goroutines\n");
    dump.write(Extent::stacks, [](const base::Text& text) { put_to(STDERR_FILENO, text); });
}

inline void on_dump_signal(int) noexcept {
    static_cast<void>(sched::Monitor::instance().send(&dump_to_stderr));
}

} // namespace debug

/// From now on that signal (SIGQUIT, say, which Ctrl-\ sends) has all goroutines written to stderr, and the process goes
/// on. Replaces the handler that was there. Signals that come while a dump is written are one more dump. Throws
/// std::invalid_argument for a signal that cannot be caught.
inline void dump_on_signal(int signal) {
    static_cast<void>(base::asymmetric_barriers()); // all that the handler uses is made before it runs
    sched::Monitor::instance().start();
    struct sigaction action {};
    action.sa_handler = &debug::on_dump_signal;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    if (::sigaction(signal, &action, nullptr) != 0)
        throw std::invalid_argument("gofer: dump_on_signal() of a signal that cannot be caught; SIGQUIT is the usual one");
}

} // namespace gofer::inline v1

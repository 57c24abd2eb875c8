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

#if GOFER_WITH_BODIES
GOFER_SEPARABLE void dump_on_signal(int signal) {
    static_cast<void>(base::asymmetric_barriers()); // all that the handler uses is made before it runs
    sched::Monitor::instance().start();
    struct sigaction action {};
    action.sa_handler = &debug::on_dump_signal;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    if (::sigaction(signal, &action, nullptr) != 0)
        throw std::invalid_argument("gofer: dump_on_signal() of a signal that cannot be caught; SIGQUIT is the usual one");
}
#endif

} // namespace gofer::inline v1

// What a user asks of debug/: all goroutines, now or when a signal comes. That errors tell of them too comes with it.
#pragma once

#include <iosfwd>

#include <gofer/base/separate.hpp>

namespace gofer::inline v1 {

/// Writes all goroutines of all runtimes: id, state, name, what each waits for and for how long, its stack, and where it
/// was started. Alike ones are shown once with a count. Nothing stops meanwhile, but for moments; so the dump is of no
/// single instant. Threads that are in a goroutine are sent a SIGURG for its stack, unless the program handles that signal
/// itself. Any thread. Go's runtime.Stack(buf, true).
void dump_goroutines(std::ostream& out);

/// From now on that signal (SIGQUIT, say, which Ctrl-\ sends) has all goroutines written to stderr, and the process goes
/// on. Replaces the handler that was there. Signals that come while a dump is written are one more dump. Throws
/// std::invalid_argument for a signal that cannot be caught.
void dump_on_signal(int signal);

} // namespace gofer::inline v1

#if GOFER_WITH_BODIES
#include <gofer/debug/dump.hpp>
#include <gofer/debug/last_words.hpp>
#include <gofer/debug/on_signal.hpp>
#endif

// What a user asks of debug/: all goroutines, now or when a signal comes, and those that nobody can wake any more. That
// errors tell of them too comes with it.
#pragma once

#include <cstddef>
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

/// Looks for goroutines that are leaked though the program goes on: parked where nobody can wake them any more, since no one
/// but goroutines in the same plight has a pointer to the channel, the Future or the WaitGroup (or Mutex and so on, on a
/// goroutine's stack) they wait on. Writes each with what it waits for, the proof, its stack and where it was started; alike
/// ones once. Returns how many there are.
///
/// None that is written could still be woken, unless by a pointer that is kept outside of memory or encoded (in a pipe,
/// another process, xor'ed: debug/orphans.hpp); some that are leaked may be missed, where an old value in memory looks
/// like a pointer to them, or a handle lies in the heap. Any thread. All others stand still meanwhile, for some
/// milliseconds and up to two seconds for each gigabyte in use; after ten seconds it is given up (if a thread of the
/// process has to provide the memory that is read, after eleven). Linux must allow ptrace of the process by itself and
/// no debugger may be attached, io_uring and kernel AIO must not be in use, no device and no file of which much is not
/// in memory be mapped shared and writable, and this must be no child of fork; else 0, and the report says why. Throws
/// std::bad_alloc, and what `out` throws.
///
/// No signal is sent and no handler runs, but other threads may see EINTR where a stop and continuation has a system
/// call return it (signal(7)): epoll_wait, semop, sigtimedwait, io_getevents, a socket with SO_RCVTIMEO or SO_SNDTIMEO.
/// Under Yama's ptrace_scope 1 whoever the program has named by prctl(PR_SET_PTRACER) is named no more afterwards.
///
/// The end of run looks in this way too, for 50 ms at most; see RuntimeOptions::shutdown_grace.
std::size_t find_leaked_goroutines(std::ostream& out);

} // namespace gofer::inline v1

#if GOFER_WITH_BODIES
#include <gofer/debug/dump.hpp>
#include <gofer/debug/last_words.hpp>
#include <gofer/debug/leaked.hpp>
#include <gofer/debug/on_signal.hpp>
#endif

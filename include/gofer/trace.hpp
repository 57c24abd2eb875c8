// trace: the flight recorder. What each worker did last, as a trace file for ui.perfetto.dev or chrome://tracing:
// workers are tracks, goroutines slices with their name and place, starts and wake-ups arrows. Off unless asked for, by
// start() or by $GOFER_TRACE=path; the file is written by stop(), at a fatal error, or at exit.
#pragma once

#include <string>

#include <gofer/base/separate.hpp>
#if GOFER_WITH_BODIES
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

#include <gofer/base/fatal.hpp>
#include <gofer/debug/trace_file.hpp>
#include <gofer/sched/monitor.hpp>
#endif

namespace gofer::inline v1::trace {

/// Records from now on what the workers of all runtimes do; each keeps its last 65,536 events (8,192 in a build with a
/// sanitizer), about 120 bytes of memory an event. A switch costs about a tenth of a microsecond more meanwhile, and
/// always leads through the worker's loop. The file is opened (and emptied) at once and written by stop(), at a fatal
/// error, or at exit. Throws std::system_error when it cannot be opened, std::logic_error when a trace is recorded
/// already. Thread-safe. Go's trace.Start.
void start(const std::string& path);
/// Ends the recording and writes the file; nothing when there is none. Blocks the thread while it writes. Throws
/// std::system_error when the file cannot be written. Thread-safe. Go's trace.Stop.
void stop();

#if GOFER_WITH_BODIES

/// The one recording of the process.
class Recording {
public:
    [[gnu::visibility("default")]] static Recording& instance() noexcept {
        static Recording& recording = *new Recording; // never destroyed: it may be written at exit
        return recording;
    }

    void start(const std::string& path) {
        sched::must_not_be_forked("a trace is started");
        const std::lock_guard<std::mutex> guard(mutex_);
        if (file_.load() >= 0) throw std::logic_error("gofer: trace::start() while a trace is recorded; stop it first");
        const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (file < 0) throw std::system_error(errno, std::system_category(), "gofer: trace::start(\"" + path + "\")");
        static const bool installed = std::atexit([] { static_cast<void>(instance().finish(true)); }) == 0;
        static_cast<void>(installed);
        base::EngineRegion engine;
        process_ = ::getpid();
        file_.store(file);
        base::last_act().store([]() noexcept { static_cast<void>(instance().finish(false)); });
        sched::Recorder::instance().begin();
        sched::Monitor::instance().for_each(sched::call_to_record);
    }
    void stop() {
        const std::lock_guard<std::mutex> guard(mutex_);
        base::last_act().store(nullptr);
        if (const int error = finish(true)) throw std::system_error(error, std::system_category(), "gofer: trace::stop()");
    }

private:
    /// Ends the recording, if there is one, and writes the file. The error, if that failed.
    int finish(bool patient) noexcept {
        base::EngineRegion engine;
        const int file = file_.exchange(-1);
        if (file < 0) return 0;
        if (process_ != ::getpid()) return ::close(file); // a child of fork: the file is its parent's, as are those who
                                                          // have the tracks' locks
        sched::Recorder::instance().end(patient);
        const bool written = debug::TraceFile(file).write(sched::Recorder::instance());
        const int error = written ? 0 : errno;
        ::close(file);
        return error;
    }

    std::mutex mutex_;
    pid_t process_ = 0;
    std::atomic<int> file_{-1};
};

GOFER_SEPARABLE void start(const std::string& path) {
    Recording::instance().start(path);
}
GOFER_SEPARABLE void stop() {
    Recording::instance().stop();
}

/// $GOFER_TRACE: a recording from the start of the program to its exit.
inline bool start_by_environment() noexcept {
    const char* path = std::getenv("GOFER_TRACE");
    if (!path || !*path) return false;
    try {
        start(path);
        return true;
    } catch (const std::exception& e) {
        base::say("%s (from $GOFER_TRACE)\n", e.what());
        return false;
    }
}
[[gnu::visibility("default")]] inline const bool started_by_environment = start_by_environment();

#endif

} // namespace gofer::inline v1::trace

// Writes what the flight recorder holds as a trace in the JSON format of Chrome's chrome://tracing, which Perfetto
// (ui.perfetto.dev) reads as well: a track for each worker, a pair of events (B, E) for each slice, an arrow (s, f) from
// the goroutine that started another one, or made it ready, to the slice in which that one began or went on, an
// instant (i) for a theft.
// Times are microseconds since the recording began.
// Safe in a signal handler: formats into a buffer of its own, allocates nothing. One writer at a time.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <unistd.h>

#include <gofer/sched/recorder.hpp>

namespace gofer::inline v1::debug {

/// A file that is written in pieces. Errors (a full disk) show at the end.
class PieceWriter {
public:
    explicit PieceWriter(int file) noexcept : file_(file) {}

    [[gnu::format(printf, 2, 3)]] void put(const char* format, ...) noexcept {
        if (size - used_ < longest) flush();
        std::va_list args;
        va_start(args, format);
        const int n = std::vsnprintf(buffer_ + used_, longest, format, args);
        va_end(args);
        if (n > 0) used_ += std::min(static_cast<std::size_t>(n), longest - 1);
    }
    /// The inside of a JSON string.
    void put_escaped(const char* text) noexcept {
        for (; *text; ++text) {
            const auto c = static_cast<unsigned char>(*text);
            if (c == '"' || c == '\\')
                put("\\%c", c);
            else if (c < 0x20 || c > 0x7e) // a name may be cut within a character
                put("\\u%04x", c < 0x20 ? c : '?');
            else
                put("%c", c);
        }
    }
    /// False: not all of it could be written.
    bool flush() noexcept {
        good_ = good_ && base::write_all(file_, buffer_, used_);
        used_ = 0;
        return good_;
    }

private:
    static constexpr std::size_t size = 8192;
    static constexpr std::size_t longest = 1024; // of one put()

    int file_;
    bool good_ = true;
    std::size_t used_ = 0;
    char buffer_[size];
};

class TraceFile {
public:
    explicit TraceFile(int file) noexcept : out_(file), process_(static_cast<int>(::getpid())) {}

    /// All of it. False: not all could be written.
    bool write(const sched::Recorder& recorder) noexcept {
        recorder_ = &recorder;
        began_ = recorder.started();
        out_.put("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"
                 "{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_name\",\"args\":{\"name\":\"gofer\"}}",
                 process_);
        recorder.for_each_closed([this](const sched::Track& track) { put_track(track); });
        out_.put("\n]}\n");
        return out_.flush();
    }

private:
    using Event = sched::TrackEvent;

    static unsigned long long number(std::uint64_t n) noexcept { return n; }
    static unsigned long long track_number(std::uint32_t scheduler, std::uint32_t worker) noexcept {
        return number(scheduler) * 1000 + worker + 1;
    }

    void begin_event(const char* phase, unsigned long long track, std::int64_t time) noexcept {
        const std::int64_t t = std::max<std::int64_t>(0, time - began_);
        out_.put(",\n{\"ph\":\"%s\",\"pid\":%d,\"tid\":%llu,\"ts\":%lld.%03d", phase, process_, track,
                 static_cast<long long>(t / 1000), static_cast<int>(t % 1000));
    }

    void put_track(const sched::Track& track) noexcept {
        const auto id = track_number(track.scheduler, track.worker);
        out_.put(",\n{\"ph\":\"M\",\"pid\":%d,\"tid\":%llu,\"name\":\"thread_name\",\"args\":{\"name\":"
                 "\"worker %u of runtime %u\"}}",
                 process_, id, track.worker, track.scheduler);
        out_.put(",\n{\"ph\":\"M\",\"pid\":%d,\"tid\":%llu,\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":%llu}}",
                 process_, id, id);
        for (std::uint64_t i = track.first(); i < track.count; ++i) {
            const Event& event = track.ring[i % sched::Track::capacity];
            event.kind == Event::Kind::run ? put_slice(event, id) : put_theft(event, id);
        }
    }

    void put_slice(const Event& e, unsigned long long track) noexcept {
        begin_event("B", track, e.begin);
        out_.put(",\"cat\":\"goroutine\",\"name\":\"");
        if (*e.name) {
            out_.put_escaped(e.name);
            out_.put(" (%llu)", number(e.id));
        } else {
            out_.put("goroutine %llu", number(e.id));
        }
        out_.put("\",\"args\":{\"goroutine\":%llu,\"started at\":\"", number(e.id));
        if (e.line) {
            out_.put_escaped(static_cast<const char*>(e.where));
            out_.put(":%u\"", e.line);
        } else {
            out_.put("%p\"", e.where);
        }
        out_.put(",\"here\":\"%s\"", e.fresh ? "starts" : "goes on");
        put_waker(e);
        out_.put("}}");
        if (e.waker.kind == task::Waker::Kind::goroutine && holds_tail(e.waker)) put_arrow(e, track);
        begin_event("E", track, e.end);
        out_.put(",\"args\":{\"then\":\"%s\"}}", then(e));
    }

    void put_waker(const Event& e) noexcept {
        using Kind = task::Waker::Kind;
        const char* what = e.fresh ? "started by" : "woken by";
        if (e.waker.kind == Kind::goroutine) out_.put(",\"%s\":\"goroutine %llu\"", what, number(e.waker.id));
        if (e.waker.kind == Kind::timer) out_.put(",\"%s\":\"a timer\"", what);
        if (e.waker.kind == Kind::thread) out_.put(",\"%s\":\"a thread\"", what);
    }

    /// The slice from which it would lead is in the file: viewers take an arrow from nowhere for a damaged file.
    bool holds_tail(const task::Waker& waker) const noexcept {
        bool held = false;
        recorder_->for_each_closed([&](const sched::Track& t) {
            if (t.scheduler == waker.scheduler && t.worker == waker.worker)
                held = held || waker.time >= t.ring[t.first() % sched::Track::capacity].begin;
        });
        return held && waker.time >= began_;
    }

    void put_arrow(const Event& e, unsigned long long track) noexcept {
        const char* what = e.fresh ? "start" : "wake";
        ++arrows_;
        begin_event("s", track_number(e.waker.scheduler, e.waker.worker), e.waker.time);
        out_.put(",\"cat\":\"%s\",\"name\":\"%s\",\"id\":%llu}", what, what, number(arrows_));
        begin_event("f", track, e.begin);
        out_.put(",\"cat\":\"%s\",\"name\":\"%s\",\"id\":%llu,\"bp\":\"e\"}", what, what, number(arrows_));
    }

    void put_theft(const Event& e, unsigned long long track) noexcept {
        begin_event("i", track, e.begin);
        out_.put(",\"s\":\"t\",\"cat\":\"steal\",\"name\":\"steals %llu from worker %lld\"}", number(e.id),
                 static_cast<long long>(e.end));
    }

    static const char* then(const Event& e) noexcept {
        switch (e.how) {
        case Event::End::parked: return task::describe(e.reason);
        case Event::End::yielded: return "yield";
        case Event::End::ended: return "end";
        case Event::End::none: break;
        }
        return "goes on";
    }

    PieceWriter out_;
    const int process_;
    const sched::Recorder* recorder_ = nullptr;
    std::int64_t began_ = 0;
    std::uint64_t arrows_ = 0;
};

} // namespace gofer::inline v1::debug

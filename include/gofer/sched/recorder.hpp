// The flight recorder: while it is on, what each worker ran last, on a track of its own: a ring of events, each a
// slice of a goroutine (begin, end, why it ended, who had woken it) or a theft. Started, stopped and written to a file
// by debug/trace.hpp.
//
// Cost while it is off: nothing on the way from one goroutine to the next. A worker that records calls for its own
// loop's attention at every turn (loop.hpp), for which every turn asks anyway; a goroutine that parks meanwhile
// leaves its wish to know its waker in `pinned_to`, which every waker reads anyway (ready.hpp). Whoever starts a
// goroutine compares one word with its runtime anyway, `starts_unrecorded`, which is empty meanwhile.
// A recording has a number, its session. Tracks are never freed and are used again by the next session, so a worker
// may hold a pointer to one for ever; under the track's lock it sees whether the track still is its own.
// Locks: the recorder's, which guards whose track is whose; a track's, held for one event.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <sys/mman.h>

#include <gofer/base/now.hpp>
#include <gofer/base/separate.hpp>
#include <gofer/base/spin_lock.hpp>
#include <gofer/sched/scheduler.hpp>

namespace gofer::inline v1::sched {

struct TrackEvent {
    enum class Kind : std::uint8_t { run, theft };
    enum class End : std::uint8_t { none, parked, yielded, ended };
    static constexpr std::size_t name_size = 32;

    Kind kind = Kind::run;
    End how = End::none;
    bool fresh = false; // its first slice
    task::WaitReason reason = task::WaitReason::none;
    std::uint32_t line = 0;
    const void* where = nullptr; // as in Goroutine
    std::uint64_t id = 0;        // of the goroutine; of a theft: how many were taken
    std::int64_t begin = 0;
    std::int64_t end = 0;        // of a theft: the index of the victim
    task::Waker waker; // of a first slice: who started it
    char name[name_size] = {};

    void set_name(const std::string& from) noexcept {
        const std::size_t n = from.copy(name, name_size - 1);
        name[n] = 0;
    }
};

/// What one worker did. Written by its thread; read once it is closed.
struct Track {
    // A sanitizer makes a program ten times slower, and whoever reads the file, too.
    static constexpr std::size_t capacity = base::tsan_build || base::asan_build ? 1 << 13 : 1 << 16;

    base::SpinLock lock;
    unsigned session = 0;
    bool closed = false; // nothing is added any more
    const Worker* owner = nullptr;
    std::uint32_t scheduler = 0;
    std::uint32_t worker = 0;
    bool is_open = false;
    TrackEvent open;           // the slice that goes on
    std::uint64_t count = 0;   // of events since the beginning; the ring holds the last ones
    TrackEvent* ring = nullptr; // committed as it fills
    Track* next = nullptr;

    void add(const TrackEvent& event) noexcept { ring[count++ % capacity] = event; }
    /// The number of the first one that the ring still holds.
    std::uint64_t first() const noexcept { return count > capacity ? count - capacity : 0; }
    /// When the last of its events was over; `otherwise` if there is none.
    std::int64_t last_time(std::int64_t otherwise) const noexcept {
        if (count == 0) return otherwise;
        const TrackEvent& last = ring[(count - 1) % capacity];
        return last.kind == TrackEvent::Kind::theft ? last.begin : last.end;
    }
    void finish(std::int64_t now, TrackEvent::End how) noexcept {
        open.end = now;
        open.how = how;
        add(open);
        is_open = false;
    }
};

/// Set while the recorder is on.
[[gnu::visibility("default")]] inline std::atomic<bool>& recording_flag() noexcept {
    static std::atomic<bool> on{false};
    return on;
}
inline bool recording() noexcept { return recording_flag().load(std::memory_order_relaxed); }

/// The tracks of the process. Never destroyed, thread-safe.
class Recorder {
public:
    static constexpr unsigned most_tracks = 512; // beyond them workers are not recorded

    [[gnu::visibility("default")]] static Recorder& instance() noexcept {
        static Recorder& recorder = *new Recorder;
        return recorder;
    }

    /// A new session, whose events come from now on.
    void begin() noexcept {
        started_.store(base::now_ns(), std::memory_order_relaxed);
        session_.fetch_add(1, std::memory_order_relaxed);
        recording_flag().store(true, std::memory_order_release);
    }
    /// Ends the session. After it no event is added. `patient`: waits for a lock as long as it takes; a signal handler may
    /// have interrupted its holder, and leaves such a track out.
    void end(bool patient) noexcept {
        recording_flag().store(false, std::memory_order_relaxed);
        if (take(lock_, patient)) lock_.unlock(); // who has it gives out a track; afterwards nobody does
        const std::int64_t now = base::now_ns();
        for (Track* t = first(); t; t = t->next) {
            if (!take(t->lock, patient)) continue;
            if (t->is_open) t->finish(now, TrackEvent::End::none);
            t->closed = true;
            t->lock.unlock();
        }
    }
    std::int64_t started() const noexcept { return started_.load(std::memory_order_relaxed); }
    unsigned session() const noexcept { return session_.load(std::memory_order_relaxed); }

    /// Calls `visit` for each track of the last session, which has ended.
    template <class Visit>
    void for_each_closed(Visit visit) const {
        for (const Track* t = first(); t; t = t->next)
            if (t->closed && t->session == session() && t->count > 0) visit(*t);
    }

    /// Calls `act` with the worker's track, under its lock; not if there is none, or the session is over.
    template <class Act>
    void with_track(Worker& w, Act act) noexcept {
        for (int attempt = 0; attempt < 2; ++attempt) {
            if (Track* t = w.track) {
                const std::lock_guard<base::SpinLock> guard(t->lock);
                if (t->owner == &w && t->session == session()) return t->closed ? void() : act(*t);
            }
            w.track = provide(w);
            if (!w.track) return;
        }
    }

private:
    Track* first() const noexcept { return tracks_.load(std::memory_order_acquire); }

    static bool take(base::SpinLock& lock, bool patient) noexcept {
        if (patient) return lock.lock(), true;
        return lock.try_lock(1000);
    }

    /// A track that is closed, or a new one.
    Track* provide(Worker& w) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (!recording()) return nullptr;
        for (Track* t = first(); t; t = t->next) {
            const std::lock_guard<base::SpinLock> track_guard(t->lock);
            if (t->session == session()) continue;
            return assign(*t, w);
        }
        if (made_ == most_tracks) return nullptr;
        auto* fresh = new (std::nothrow) Track;
        if (!fresh) return nullptr;
        void* memory = ::mmap(nullptr, Track::capacity * sizeof(TrackEvent), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            delete fresh;
            return nullptr;
        }
        ++made_;
        fresh->ring = static_cast<TrackEvent*>(memory);
        fresh->next = first();
        assign(*fresh, w);
        tracks_.store(fresh, std::memory_order_release); // partner: first()
        return fresh;
    }
    Track* assign(Track& t, const Worker& w) const noexcept {
        t.session = session();
        t.closed = false;
        t.owner = &w;
        t.scheduler = w.scheduler->id;
        t.worker = w.index;
        t.is_open = false;
        t.count = 0;
        return &t;
    }

    base::SpinLock lock_;
    unsigned made_ = 0;
    std::atomic<Track*> tracks_{nullptr};
    std::atomic<unsigned> session_{0};
    std::atomic<std::int64_t> started_{0};
};

/// Has every worker of `s` come by its loop soon, and record from then on. Any thread.
inline void call_to_record(Scheduler& s) noexcept {
    for (auto& w : s.workers) {
        w->starts_unrecorded.store(nullptr, std::memory_order_relaxed);
        w->attention.store(true, std::memory_order_relaxed);
    }
}

/// The task is about to be queued.
[[gnu::noinline, gnu::cold]] inline void note_start(task::Task& task, const task::Waker& by) noexcept {
    if (!task.options) task.options = new (std::nothrow) task::TaskOptions;
    if (task.options) task.options->started_by = by;
}

/// The running goroutine leaves its worker; its state says why. A slice whose begin was not seen, since the recording had
/// just begun, is as old as what its worker did last, or the recording.
void note_left(Worker& w, Goroutine& g) noexcept;

#if GOFER_WITH_BODIES
[[gnu::noinline, gnu::cold]] GOFER_SEPARABLE void note_left(Worker& w, Goroutine& g) noexcept {
    const bool parks = g.state.load(std::memory_order_relaxed) == task::State::parked;
    if (parks) g.asks_for_waker();
    Recorder& recorder = Recorder::instance();
    recorder.with_track(w, [&](Track& t) {
        TrackEvent& e = t.open;
        if (!t.is_open) {
            e = {};
            e.begin = t.last_time(recorder.started());
            e.id = g.id;
            e.where = g.where;
            e.line = g.line;
        }
        if (g.extras) e.set_name(g.extras->name);
        e.reason = parks ? g.reason.load(std::memory_order_relaxed) : task::WaitReason::none;
        t.finish(base::now_ns(), parks ? TrackEvent::End::parked : TrackEvent::End::yielded);
    });
}
#endif

/// The loop looks for the next one, or ends: a slice that is open still has ended with its goroutine.
[[gnu::noinline, gnu::cold]] inline void note_loop(Worker& w) noexcept {
    Recorder::instance().with_track(w, [](Track& t) {
        if (t.is_open) t.finish(base::now_ns(), TrackEvent::End::ended);
    });
}
/// The loop does not run what it has found: the runtime has stopped.
[[gnu::noinline, gnu::cold]] inline void note_not_run(Worker& w) noexcept {
    Recorder::instance().with_track(w, [](Track& t) { t.is_open = false; });
}

/// The worker is about to run `r`, goroutine `id`.
[[gnu::noinline, gnu::cold]] inline void note_run(Worker& w, Runnable r, std::uint64_t id) noexcept {
    w.starts_unrecorded.store(nullptr, std::memory_order_relaxed);
    Recorder::instance().with_track(w, [&](Track& t) {
        TrackEvent& e = t.open = {};
        t.is_open = true;
        e.begin = base::now_ns();
        e.id = id;
        e.fresh = r.is_task();
        if (r.is_task()) {
            e.where = r.task()->where;
            e.line = r.task()->line;
            if (const task::TaskOptions* options = r.task()->options) {
                e.set_name(options->name);
                e.waker = options->started_by;
            }
            return;
        }
        const Goroutine& g = *r.goroutine();
        e.where = g.where;
        e.line = g.line;
        if (!g.extras) return;
        e.set_name(g.extras->name);
        e.waker = std::exchange(g.extras->waker, {});
    });
}

/// `w` has taken n goroutines from `from`.
inline void count_steals(Worker& w, const Worker& from, std::uint32_t n) noexcept {
    w.steals.add(n);
    if (n == 0 || !recording()) return;
    Recorder::instance().with_track(w, [&](Track& t) {
        TrackEvent e;
        e.kind = TrackEvent::Kind::theft;
        e.id = n;
        e.begin = base::now_ns();
        e.end = from.index;
        t.add(e);
    });
}

} // namespace gofer::inline v1::sched

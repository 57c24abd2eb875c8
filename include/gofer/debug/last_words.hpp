// What a process says when it dies of an error, beside the error's own message: the goroutine or thread it is about, with
// its stack, and all goroutines in short.
//
// The thread that dies may have any lock there is, the heap's among them, and stand at the end of its stack. So it only
// notes who it is and its return addresses, and the monitor's thread writes. If that gets stuck in a lock that the
// dying thread has, the process dies without the rest after some seconds. A second error meanwhile waits for the first
// one's report. Where there is no monitor (no runtime yet, or a forked child) there are no goroutines to tell of.
#pragma once

#include <atomic>
#include <ctime>
#include <unistd.h>

#include <gofer/base/futex.hpp>
#include <gofer/debug/dump.hpp>

namespace gofer::inline v1::debug {

class LastWords {
public:
    [[gnu::visibility("default")]] static LastWords& instance() noexcept {
        static constinit LastWords words;
        return words;
    }

    /// The hook of base::fatal and of uncaught exceptions. Returns when all is said, or when it takes too long.
    [[gnu::noinline]] static void say() noexcept {
        const base::EngineRegion engine; // also keeps TSan's own locks out of it, which the thread may have
        LastWords& self = instance();
        if (self.begun_.exchange(true)) return self.await(second_patience_ns);
        self.in_goroutine_ = take_own_snapshot(self.who_);
        self.tid_ = ::gettid();
        fiber::walk_own(self.frames_, 1);
        if (sched::Monitor::instance().send(&write_all)) self.await(patience_ns);
        if (!self.writing_.exchange(true)) self.write_who(Within::a_handler); // there is no monitor, or it is stuck
    }

private:
    static constexpr std::int64_t patience_ns = 5'000'000'000;
    static constexpr std::int64_t second_patience_ns = 10'000'000'000;
    static constexpr std::int64_t lock_patience_ns = 50'000'000;
    static constexpr std::size_t most_shown = 50;

    static void write_all() noexcept {
        LastWords& self = instance();
        if (self.writing_.exchange(true)) return;
        self.write_who(Within::a_call);
        Dump dump(lock_patience_ns);
        if (!dump.empty()) base::say("all goroutines:\n");
        dump.write(Extent::lines, put, most_shown);
        self.done_.store(1, std::memory_order_release);
        base::futex_wake(&self.done_);
    }
    static void put(const base::Text& text) noexcept { put_to(STDERR_FILENO, text); }

    void write_who(Within within) const noexcept {
        base::TextOf<1024> text;
        if (in_goroutine_) {
            text.add("\ngoroutine %llu [running]:\n", static_cast<unsigned long long>(who_.id));
            if (who_.name[0]) text.add("  \"%s\"\n", who_.name);
        } else {
            text.add("\nthread %d [running]:\n", static_cast<int>(tid_));
        }
        put(text);
        put_frames(frames_, put, within);
        text.clear();
        if (in_goroutine_)
            add_birth(text, who_.place, within);
        else
            text.add("\n");
        put(text);
    }

    void await(std::int64_t patience) noexcept {
        const std::int64_t until = base::now_ns() + patience;
        while (done_.load(std::memory_order_acquire) == 0)
            if (!base::futex_wait_until(done_, 0, until)) return;
    }

    std::atomic<bool> begun_{false};
    std::atomic<bool> writing_{false};
    base::FutexWord done_{0};
    bool in_goroutine_ = false;
    Snapshot who_;
    pid_t tid_ = 0;
    fiber::Frames frames_;
};

[[gnu::visibility("default")]] inline const bool last_words_are_set = [] {
    base::last_words().store(&LastWords::say, std::memory_order_release);
    return true;
}();

} // namespace gofer::inline v1::debug

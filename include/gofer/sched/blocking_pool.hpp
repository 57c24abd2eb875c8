// The threads on which blocking code runs (blocking.hpp). They come when needed, up to a bound beyond which jobs
// wait in the order they came, and end when they have had nothing to do for some seconds. Process-wide, never
// destroyed: at exit they are left as any detached thread is.
//
// A job goes straight to the thread that fell idle last, whose stack is warm. Lock: the pool's, held for a few
// instructions; a thread is started outside of it.
#pragma once

#include <atomic>
#include <mutex>
#include <pthread.h>
#include <system_error>
#include <thread>
#include <utility>

#include <gofer/base/clock.hpp>
#include <gofer/base/futex.hpp>
#include <gofer/base/spin_lock.hpp>
#include <gofer/sched/plain_threads.hpp>

namespace gofer::inline v1::sched {

/// Lies in the frame of the call, which waits until it has run.
struct BlockingJob {
    void (*run)(BlockingJob&) noexcept = nullptr; // the job may be gone when it returns
    BlockingJob* next = nullptr;
};

class BlockingPool {
public:
    static constexpr unsigned most_threads = 512;
    static constexpr std::int64_t idle_ns = 5'000'000'000;

    [[gnu::visibility("default")]] static BlockingPool& instance() noexcept {
        static BlockingPool& pool = *new BlockingPool;
        return pool;
    }

    /// Has the job run some time. False: there is no thread and the system gives none.
    bool submit(BlockingJob& job) noexcept {
        {
            const std::lock_guard<base::SpinLock> guard(lock_);
            if (seat(job)) return true;
            if (threads_ == most_threads) return threads_ > starting_ && enqueue(job); // else maybe none will come
            ++threads_;
            ++starting_;
        }
        try {
            std::thread([this, first = &job] { serve(first); }).detach();
        } catch (const std::exception&) { // no thread, or no memory for one
            const std::lock_guard<base::SpinLock> guard(lock_);
            --starting_;
            return --threads_ > starting_ && (seat(job) || enqueue(job)); // one may have fallen idle meanwhile
        }
        const std::lock_guard<base::SpinLock> guard(lock_);
        --starting_;
        return true;
    }

    /// Threads that wait for a job.
    unsigned idle() const noexcept { return idle_.load(std::memory_order_relaxed); }
    bool jobs_wait() noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        return first_ != nullptr;
    }
    unsigned threads() noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        return threads_;
    }

private:
    /// Where an idle thread waits; in its frame.
    struct Seat {
        BlockingJob* job = nullptr;
        base::FutexWord word{0};
        Seat* next = nullptr;

        void take(BlockingJob& given) noexcept { // under the lock, so that the seat is still there
            job = &given;
            word.store(1, std::memory_order_release); // partner: wait()
            base::futex_wake(&word);
        }
    };

    void serve(BlockingJob* job) noexcept {
        base::EngineRegion engine;
        PlainThreads::note_ours();
        ::pthread_setname_np(::pthread_self(), "gofer-blocking");
        for (; job; job = next_job()) job->run(*job);
    }

    BlockingJob* next_job() noexcept {
        Seat seat;
        {
            const std::lock_guard<base::SpinLock> guard(lock_);
            if (first_) return dequeue();
            seat.next = std::exchange(idle_seats_, &seat);
            idle_.fetch_add(1, std::memory_order_relaxed);
        }
        const std::int64_t deadline = base::now_ns() + idle_ns;
        while (seat.word.load(std::memory_order_acquire) == 0)
            if (!base::futex_wait_until(seat.word, 0, deadline) && leave(seat)) return nullptr;
        const std::lock_guard<base::SpinLock> guard(lock_); // whoever gave the job has done with the seat
        return seat.job;
    }

    /// False: it is given a job at this moment.
    bool leave(Seat& seat) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        Seat** link = &idle_seats_;
        while (*link && *link != &seat) link = &(*link)->next;
        if (!*link) return false;
        *link = seat.next;
        idle_.fetch_sub(1, std::memory_order_relaxed);
        --threads_;
        return true;
    }

    bool seat(BlockingJob& job) noexcept {
        Seat* last = idle_seats_;
        if (!last) return false;
        idle_seats_ = last->next;
        idle_.fetch_sub(1, std::memory_order_relaxed);
        last->take(job);
        return true;
    }
    bool enqueue(BlockingJob& job) noexcept {
        job.next = nullptr;
        (last_ ? last_->next : first_) = &job;
        last_ = &job;
        return true;
    }
    BlockingJob* dequeue() noexcept {
        BlockingJob* job = first_;
        first_ = job->next;
        if (!first_) last_ = nullptr;
        return job;
    }

    base::SpinLock lock_;
    Seat* idle_seats_ = nullptr;
    BlockingJob* first_ = nullptr;
    BlockingJob* last_ = nullptr;
    unsigned threads_ = 0;
    unsigned starting_ = 0; // of those: the system may refuse them yet
    std::atomic<unsigned> idle_{0};
};

} // namespace gofer::inline v1::sched

// The pool of threads for blocking code, when the system gives it none.
#include <array>
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"
#include "../support/seccomp.hpp"

using gofer::sched::BlockingJob;
using gofer::sched::BlockingPool;

namespace {

/// As many that submit a job as the pool has threads at most, all at one moment.
class CrowdOfSubmitters {
public:
    explicit CrowdOfSubmitters(BlockingPool& pool) {
        for (BlockingJob& job : jobs_)
            threads_.emplace_back([this, &pool, &job] {
                begin_.wait(false);
                if (!pool.submit(job)) ++refused;
            });
    }
    void begin() {
        begin_ = true;
        begin_.notify_all();
    }
    void await_end() {
        for (std::thread& thread : threads_) thread.join();
    }

    std::atomic<unsigned> refused{0};

private:
    std::atomic<bool> begin_{false};
    std::array<BlockingJob, BlockingPool::most_threads> jobs_{};
    std::vector<std::thread> threads_;
};

/// Whether it refuses one more job while it waits for all the threads it may have, of which the system gives none.
bool refuses_one_more(BlockingPool& pool) {
    CrowdOfSubmitters crowd{pool};
    const int listener = fixture::hold_threads();
    if (listener < 0) return true; // this system lets nobody hold up system calls
    crowd.begin();
    if (!fixture::eventually([&] { return pool.threads() == BlockingPool::most_threads; })) return false;
    BlockingJob one_more;
    const bool refused = !pool.submit(one_more);
    for (unsigned i = 0; i < BlockingPool::most_threads; ++i)
        if (!fixture::refuse_held(listener)) return false;
    crowd.await_end();
    return refused && crowd.refused == BlockingPool::most_threads;
}

} // namespace

TEST_CASE("a pool that waits for all its threads, and may get none, lets no job wait for them") {
    const auto death = fixture::death_of([] {
        BlockingPool pool;
        if (refuses_one_more(pool) && pool.threads() == 0 && !pool.jobs_wait()) std::fputs("none waits", stderr);
    });
    CHECK(death.says("none waits"));
}

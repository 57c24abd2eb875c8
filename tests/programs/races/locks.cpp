// RWMutex, Cond, Once, Semaphore and Barrier: what they order, and what they do not.
#include <mutex>
#include <shared_mutex>

#include "unprotected.hpp"

using programs::Scenario;
using programs::Setting;
using races::both;
using races::look;
using races::Rumour;
using races::touch;

namespace {

const Scenario readers_and_writers{"readers and writers of an RWMutex", [](const Setting& s) {
    gofer::RWMutex m;
    gofer::run(s.options(), [&] {
        gofer::WaitGroup wg;
        for (int g = 0; g < 4; ++g)
            wg.go([&, g] {
                for (int i = 0; i < 50; ++i) {
                    if (g % 2 == 0) {
                        const std::unique_lock lock{m};
                        touch();
                        s.between();
                    } else {
                        const std::shared_lock lock{m};
                        look();
                        s.between();
                    }
                }
            });
        wg.wait();
    });
}};

// One after the other in time, but a reader orders nothing for another reader.
const Scenario two_readers{"two readers of an RWMutex", [](const Setting& s) {
    gofer::RWMutex m;
    Rumour first;
    both(
        s,
        [&] {
            m.lock_shared();
            touch();
            m.unlock_shared();
            s.between();
            first.give();
        },
        [&] {
            first.await();
            m.lock_shared();
            touch();
            m.unlock_shared();
        });
}};

const Scenario all_readers_before{"many readers before a writer", [](const Setting& s) {
    gofer::RWMutex m;
    gofer::run(s.options(), [&] {
        gofer::WaitGroup wg;
        Rumour in;
        for (int i = 0; i < 4; ++i)
            wg.go([&] {
                const std::shared_lock lock{m};
                in.give();
                look();
                s.between();
                in.await(4);
                look();
            });
        wg.go([&] {
            in.await(4);
            const std::unique_lock lock{m};
            touch();
        });
        wg.wait();
    });
}};

const Scenario before_notify{"before a change that a Cond tells", [](const Setting& s) {
    gofer::Mutex m;
    gofer::Cond changed;
    bool ready = false;
    both(
        s,
        [&] {
            touch();
            s.between();
            const std::lock_guard guard{m};
            ready = true;
            changed.notify_one();
        },
        [&] {
            std::unique_lock lock{m};
            changed.wait(lock, [&] { return ready; });
            touch();
        });
}};

const Scenario after_notify{"after the notification of a Cond", [](const Setting& s) {
    gofer::Mutex m;
    gofer::Cond changed;
    bool ready = false;
    both(
        s,
        [&] {
            {
                const std::lock_guard guard{m};
                ready = true;
            }
            changed.notify_one();
            s.between();
            touch();
        },
        [&] {
            std::unique_lock lock{m};
            changed.wait(lock, [&] { return ready; });
            touch();
        });
}};

const Scenario inside_once{"inside a Once", [](const Setting& s) {
    gofer::Once once;
    gofer::run(s.options(), [&] {
        gofer::WaitGroup wg;
        for (int i = 0; i < 4; ++i)
            wg.go([&] {
                once.call([&] {
                    touch();
                    s.between();
                });
                look();
            });
        wg.wait();
    });
}};

const Scenario released_permits{"before the release of a permit", [](const Setting& s) {
    gofer::Semaphore permits{2};
    gofer::run(s.options(), [&] {
        gofer::WaitGroup wg;
        permits.acquire(2);
        for (int i = 0; i < 2; ++i)
            wg.go([&] {
                look();
                s.between();
                permits.release();
            });
        permits.acquire(2);
        touch();
        wg.wait();
    });
}};

const Scenario two_permits{"under two permits of one semaphore", [](const Setting& s) {
    gofer::Semaphore permits{2};
    Rumour inside;
    const auto under = [&] {
        permits.acquire();
        inside.give();
        inside.await(2);
        touch();
        s.between();
        permits.release();
    };
    both(s, under, under);
}};

const Scenario across_a_barrier{"before and after a barrier", [](const Setting& s) {
    gofer::Barrier barrier{2};
    both(
        s,
        [&] {
            touch();
            s.between();
            barrier.arrive_and_wait();
            barrier.arrive_and_wait();
            touch();
        },
        [&] {
            barrier.arrive_and_wait();
            touch();
            barrier.arrive_and_wait();
        });
}};

} // namespace

// Mutex, Future and Promise: what they order, and what they do not.
#include <mutex>

#include "unprotected.hpp"

using programs::Scenario;
using programs::Setting;
using races::both;
using races::look;
using races::Rumour;
using races::touch;

namespace {

const Scenario under_the_mutex{"under one mutex", [](const Setting& s) {
    gofer::Mutex m;
    const auto locked = [&] {
        for (int i = 0; i < 100; ++i) {
            const std::lock_guard guard{m};
            touch();
            s.between();
        }
    };
    both(s, locked, locked);
}};

const Scenario under_two_mutexes{"under two mutexes", [](const Setting& s) {
    gofer::Mutex mine, yours;
    const auto under = [&s](gofer::Mutex& m) {
        for (int i = 0; i < 10; ++i) {
            const std::lock_guard guard{m};
            touch();
            s.between();
        }
    };
    both(
        s, [&] { under(mine); }, [&] { under(yours); });
}};

const Scenario after_the_unlock{"after the unlock", [](const Setting& s) {
    gofer::Mutex m;
    Rumour unlocked;
    both(
        s,
        [&] {
            m.lock();
            m.unlock();
            touch();
            s.between();
            unlocked.give();
        },
        [&] {
            unlocked.await();
            m.lock();
            touch();
            m.unlock();
        });
}};

// A failed attempt orders nothing.
const Scenario failed_try_lock{"after a try_lock that failed", [](const Setting& s) {
    gofer::Mutex m;
    m.lock();
    Rumour touched;
    both(
        s,
        [&] {
            touch();
            s.between();
            static_cast<void>(m.try_lock());
            touched.give();
        },
        [&] {
            touched.await();
            static_cast<void>(m.try_lock());
            touch();
        });
}};

const Scenario result{"the result of a Future", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        gofer::Future<int*> f = gofer::async([&s] {
            touch();
            s.between();
            return &races::unprotected[0];
        });
        *f.get() = 5;
    });
}};

const Scenario kept_promise{"a promise kept", [](const Setting& s) {
    gofer::Promise<void> p;
    gofer::Future<void> f = p.future();
    both(
        s,
        [&] {
            touch();
            s.between();
            p.set_value();
        },
        [&] {
            f.wait();
            touch();
        });
}};

const Scenario many_waiters{"many who wait for one group", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        gofer::WaitGroup work, readers;
        work.go([&s] {
            touch();
            s.between();
        });
        for (int i = 0; i < 5; ++i)
            readers.go([&work] {
                work.wait();
                look();
            });
        readers.wait();
        touch();
    });
}};

} // namespace

// A Mutex that one worker keeps taking is biased towards it (sched/bias.hpp): whoever else comes gets it all the same.
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"

namespace {

// The bias of a Mutex, which is private: an explicit instantiation may name it.
const gofer::sched::Bias& bias_of(const gofer::Mutex& mutex);
template <auto Member>
struct Reach {
    friend const gofer::sched::Bias& bias_of(const gofer::Mutex& mutex) { return mutex.*Member; }
};
template struct Reach<&gofer::Mutex::bias_>;

constexpr int often = 2'000; // more than the first bias takes

void take_often(gofer::Mutex& mutex, int times = often) {
    for (int i = 0; i < times; ++i) {
        mutex.lock();
        mutex.unlock();
    }
}

/// Whether it is biased now. Always so where the kernel has no membarrier, so that the rest of a test goes on.
bool is_biased(const gofer::Mutex& mutex) { return bias_of(mutex).on() || !gofer::base::asymmetric_barriers(); }

/// Runs body(mutex) in a goroutine of one worker, towards which the mutex is biased.
template <class Body>
void with_biased_mutex(Body body) {
    auto at_one_worker = [&body] {
        gofer::Mutex mutex;
        take_often(mutex);
        VERIFY(is_biased(mutex));
        body(mutex);
    };
    fixture::at_workers(1, at_one_worker);
}

} // namespace

TEST_CASE("a mutex that one worker has taken a few times only is not biased") {
    auto body = [] {
        gofer::Mutex mutex;
        take_often(mutex, 1'000);
        VERIFY(!bias_of(mutex).on());
    };
    fixture::at_workers(1, body);
}

TEST_CASE("a mutex that a plain thread keeps taking is not biased") {
    gofer::Mutex mutex;
    take_often(mutex);
    CHECK_FALSE(bias_of(mutex).on());
}

TEST_CASE("try_lock of a biased mutex fails while another goroutine of its worker has it, and the bias stays") {
    with_biased_mutex([](gofer::Mutex& mutex) {
        mutex.lock();
        VERIFY(!mutex.try_lock());
        VERIFY(is_biased(mutex));
        mutex.unlock();
        VERIFY(mutex.try_lock());
        mutex.unlock();
        VERIFY(is_biased(mutex));
    });
}

TEST_CASE("a goroutine waits for a biased mutex that another one of its worker has") {
    with_biased_mutex([](gofer::Mutex& mutex) {
        bool served = false;
        mutex.lock();
        gofer::WaitGroup ended;
        ended.go([&] {
            const std::lock_guard guard{mutex};
            served = true;
        });
        VERIFY(fixture::parked_reaches(1));
        VERIFY(!served);
        mutex.unlock();
        ended.wait();
        VERIFY(served);
    });
}

TEST_CASE("a plain thread takes a mutex that is biased and free") {
    with_biased_mutex([](gofer::Mutex& mutex) {
        std::thread([&] {
            VERIFY(mutex.try_lock());
            VERIFY(!bias_of(mutex).on());
            mutex.unlock();
        }).join();
        VERIFY(mutex.try_lock());
        mutex.unlock();
    });
}

TEST_CASE("a plain thread does not take a mutex that is biased and held") {
    with_biased_mutex([](gofer::Mutex& mutex) {
        mutex.lock();
        std::thread([&] {
            VERIFY(!mutex.try_lock());
            VERIFY(!mutex.try_lock_for(std::chrono::microseconds{1}));
        }).join();
        VERIFY(!mutex.try_lock());
        mutex.unlock();
        VERIFY(mutex.try_lock());
        mutex.unlock();
    });
}

TEST_CASE("a plain thread that waits for a biased mutex is woken when it is unlocked") {
    with_biased_mutex([](gofer::Mutex& mutex) {
        mutex.lock();
        std::atomic<bool> has_come{false}, served{false};
        std::thread outside([&] {
            VERIFY(!mutex.try_lock());
            has_come = true;
            mutex.lock();
            served = true;
            mutex.unlock();
        });
        VERIFY(fixture::eventually([&] { return has_come.load(); }));
        VERIFY(!served);
        mutex.unlock();
        outside.join();
        VERIFY(served);
    });
}

TEST_CASE("a mutex that was locked by its bias may be unlocked by a plain thread") {
    with_biased_mutex([](gofer::Mutex& mutex) {
        mutex.lock();
        std::thread([&] { mutex.unlock(); }).join();
        VERIFY(mutex.try_lock());
        mutex.unlock();
    });
}

TEST_CASE("a mutex that was taken back is biased again after four times as many locks, and after four times no more") {
    with_biased_mutex([](gofer::Mutex& mutex) {
        for (int needed = 1'024; needed <= 65'536; needed *= 4) {
            take_often(mutex, needed + 64);
            VERIFY(is_biased(mutex));
            std::thread([&] { take_often(mutex, 1); }).join();
            take_often(mutex, needed + 64);
            VERIFY(!bias_of(mutex).on());
        }
        take_often(mutex, 300'000);
        VERIFY(!bias_of(mutex).on());
    });
}

TEST_CASE("a mutex that is biased towards a worker of a runtime that has ended serves the next ones") {
    gofer::Mutex mutex;
    int counter = 0;
    for (int round = 0; round < 5; ++round) {
        auto body = [&] {
            for (int i = 0; i < often; ++i) {
                const std::lock_guard guard{mutex};
                ++counter;
            }
        };
        fixture::at_workers(1 + static_cast<unsigned>(round) % 2, body);
        REQUIRE(mutex.try_lock());
        mutex.unlock();
    }
    CHECK(counter == 5 * often);
}

TEST_CASE("whoever takes a mutex that was biased may destroy it at once") {
    auto body = [] {
        for (int round = 0; round < 50; ++round) {
            auto mutex = std::make_unique<gofer::Mutex>();
            bool last = false;
            std::atomic<bool> begun{false};
            std::thread destroyer([&mutex, &last, &begun] {
                begun = true;
                for (bool done = false; !done;) {
                    if (!mutex->try_lock()) continue;
                    done = last;
                    mutex->unlock();
                    if (!done) std::this_thread::yield();
                }
                mutex.reset();
            });
            while (!begun) std::this_thread::yield();
            gofer::Mutex& held = *mutex;
            take_often(held, 100);
            held.lock();
            last = true;
            held.unlock();
            destroyer.join();
        }
    };
    fixture::at_workers(1, body);
}

TEST_CASE("whoever finds a mutex that is biased and was never shared may destroy it at once") {
    auto body = [] {
        for (int round = 0; round < 50; ++round) {
            auto mutex = std::make_unique<gofer::Mutex>();
            gofer::Mutex& held = *mutex;
            take_often(held);
            VERIFY(is_biased(held));
            bool last = false;
            std::atomic<bool> begun{false};
            held.lock();
            std::thread destroyer([&mutex, &last, &begun] {
                begun = true;
                mutex->lock();
                VERIFY(last);
                mutex->unlock();
                mutex.reset();
            });
            while (round % 2 && !begun) std::this_thread::yield();
            last = true;
            held.unlock();
            destroyer.join();
        }
    };
    fixture::at_workers(1, body);
}

TEST_CASE("a mutex lets one in at a time while its bias goes from worker to worker") {
    fixture::at_each_worker_count([] {
        constexpr int goroutines = 6, stretches = 4;
        gofer::Mutex mutex;
        long counter = 0;
        std::atomic<int> inside{0};
        gofer::WaitGroup all;
        for (int g = 0; g < goroutines; ++g) {
            all.go([&, g] {
                for (int s = 0; s < stretches; ++s) {
                    for (int i = 0; i < often; ++i) {
                        const std::lock_guard guard{mutex};
                        VERIFY(++inside == 1);
                        ++counter;
                        --inside;
                        if (i % 512 == g) gofer::yield();
                    }
                    gofer::yield();
                }
            });
        }
        all.wait();
        VERIFY(counter == long{goroutines} * stretches * often);
    });
}

TEST_CASE("many mutexes, each taken by one goroutine mostly and by all now and then, let one in at a time") {
    fixture::at_each_worker_count([] {
        constexpr int goroutines = 8, rounds = 12'000, visit_every = 1'500;
        struct alignas(64) Account {
            gofer::Mutex mutex;
            long sum{0};
        };
        std::vector<Account> accounts(goroutines);
        gofer::WaitGroup all;
        for (int g = 0; g < goroutines; ++g) {
            all.go([&accounts, g] {
                for (int i = 1; i <= rounds; ++i) {
                    const bool visits = i % visit_every == 0;
                    Account& account = accounts[static_cast<std::size_t>(visits ? (g + i / visit_every) % goroutines : g)];
                    const std::lock_guard guard{account.mutex};
                    const long seen = account.sum;
                    if (visits) gofer::yield();
                    account.sum = seen + 1;
                }
            });
        }
        all.wait();
        long sum = 0;
        for (const Account& account : accounts) sum += account.sum;
        VERIFY(sum == long{goroutines} * rounds);
    });
}

TEST_CASE("unlocking a biased mutex twice is a fatal error that names Mutex") {
    const auto death = fixture::death_of([] {
        gofer::RuntimeOptions options;
        options.workers = 1;
        gofer::run(options, [] {
            gofer::Mutex mutex;
            take_often(mutex);
            mutex.unlock();
        });
    });
    INFO(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("unlock of a Mutex that is not locked"));
}

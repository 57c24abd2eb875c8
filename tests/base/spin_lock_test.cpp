// The engine's lock.
#include <thread>
#include <vector>

#include <gofer/base/spin_lock.hpp>

#include "../support/catch.hpp"

using gofer::base::SpinLock;

TEST_CASE("only one holds the lock at a time") {
    SpinLock lock;
    long counter = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 5000; ++i) {
                lock.lock();
                ++counter;
                lock.unlock();
            }
        });
    for (auto& thread : threads) thread.join();
    CHECK(counter == 40'000);
}

TEST_CASE("a lock that is held cannot be taken by trying") {
    SpinLock lock;
    CHECK(lock.try_lock());
    CHECK_FALSE(lock.try_lock());
    lock.unlock();
    CHECK(lock.try_lock());
}

TEST_CASE("a lock taken by one thread may be released by another") {
    SpinLock lock;
    lock.lock();
    std::thread{[&lock] { lock.unlock(); }}.join();
    CHECK(lock.try_lock());
}

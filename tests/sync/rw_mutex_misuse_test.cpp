// Unlocking an RWMutex that is not locked, either way: fatal errors that say what to do.
// After the ideas of golang/go src/sync/mutex_test.go, misuse tests.
#include <csignal>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"

TEST_CASE("unlock of an RWMutex that is not locked says what is missing") {
    const auto death = fixture::death_of([] {
        gofer::RWMutex mutex;
        mutex.unlock();
    });
    INFO(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("unlock of an RWMutex that is not locked for writing"));
    CHECK(death.says("call unlock() once for each lock()"));
}

TEST_CASE("unlock of an RWMutex that readers have says which unlock is right") {
    const auto death = fixture::death_of([] {
        gofer::RWMutex mutex;
        mutex.lock_shared();
        mutex.unlock();
    });
    INFO(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("end lock_shared() with unlock_shared()"));
}

TEST_CASE("unlock_shared of an RWMutex that is not locked says what is missing") {
    const auto death = fixture::death_of([] {
        gofer::RWMutex mutex;
        mutex.lock_shared();
        mutex.unlock_shared();
        mutex.unlock_shared();
    });
    INFO(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("unlock_shared of an RWMutex that is not locked for reading"));
    CHECK(death.says("call unlock_shared() once for each lock_shared()"));
}

TEST_CASE("unlock_shared of an RWMutex that a writer has says which unlock is right") {
    const auto death = fixture::death_of([] {
        gofer::RWMutex mutex;
        mutex.lock();
        mutex.unlock_shared();
    });
    INFO(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("end lock() with unlock()"));
}

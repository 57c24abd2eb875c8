// Unlocking what is not locked: a fatal error with a message, not an exception.
// After the ideas of TestMutexMisuse in golang/go src/sync/mutex_test.go.
#include <csignal>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"

TEST_CASE("unlocking a mutex that was never locked is a fatal error that names Mutex") {
    const auto death = fixture::death_of([] {
        gofer::Mutex mutex;
        mutex.unlock();
    });
    INFO(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("Mutex"));
}

TEST_CASE("unlocking a mutex twice is a fatal error, no exception that could be caught") {
    const auto death = fixture::death_of([] {
        gofer::Mutex mutex;
        mutex.lock();
        mutex.unlock();
        try {
            mutex.unlock();
        } catch (...) {
            return;
        }
    });
    INFO(death.message);
    CHECK(death.signal == SIGABRT);
    CHECK(death.says("unlock"));
}

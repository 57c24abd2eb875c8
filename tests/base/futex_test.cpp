// Sleeping on a word, and being woken.
#include <atomic>
#include <cerrno>
#include <thread>

#include <gofer/base/clock.hpp>
#include <gofer/base/futex.hpp>

#include "../support/catch.hpp"

using gofer::base::futex_wait_until;
using gofer::base::futex_wake;
using gofer::base::FutexWord;
using gofer::base::never;

TEST_CASE("a word that holds something else is not waited for") {
    FutexWord word{1};
    CHECK(futex_wait_until(word, 0, never));
}

TEST_CASE("the deadline ends the wait, and not before it has passed") {
    FutexWord word{0};
    const std::int64_t deadline = gofer::base::now_ns() + 5'000'000;
    while (futex_wait_until(word, 0, deadline)) {
    }
    CHECK(gofer::base::now_ns() >= deadline);
}

TEST_CASE("a deadline that has passed ends the wait at once") {
    FutexWord word{0};
    CHECK_FALSE(futex_wait_until(word, 0, gofer::base::now_ns() - 1));
}

TEST_CASE("a sleeper is woken") {
    FutexWord word{0};
    std::thread sleeper{[&word] {
        while (word.load() == 0) futex_wait_until(word, 0, never);
    }};
    word.store(1);
    futex_wake(&word);
    sleeper.join();
    CHECK(word.load() == 1);
}

TEST_CASE("errno is left as it was") {
    FutexWord word{0};
    errno = 1234;
    static_cast<void>(futex_wait_until(word, 0, gofer::base::now_ns() - 1));
    static_cast<void>(futex_wait_until(word, 1, never));
    futex_wake(&word);
    CHECK(errno == 1234);
}

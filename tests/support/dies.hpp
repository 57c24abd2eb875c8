// Fatal errors, tried in a process of their own: the test case runs itself again there, and looks at how that
// one ended. One use a test case, for the child must come to the same place.
#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <spawn.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "catch.hpp"

extern char** environ; // NOLINT(readability-redundant-declaration): not every C library declares it

namespace fixture {

struct Death {
    int signal;          // that ended the process; 0: it ended by itself
    std::string message; // what it wrote to stderr

    [[nodiscard]] bool says(const std::string& text) const { return message.find(text) != std::string::npos; }
};

inline constexpr const char* child_mark = "GOFER_TEST_CHILD=1";

/// The name of the running test case, with what Catch2 reads as an operator taken literally.
inline std::string own_test_name() {
    std::string escaped;
    for (const char c : std::string{Catch::getResultCapture().getCurrentTestName()}) {
        if (c == ',' || c == '[' || c == ']' || c == '\\') escaped += '\\';
        escaped += c;
    }
    return escaped;
}

inline std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> chunk;
    for (ssize_t n = 0; (n = ::read(fd, chunk.data(), chunk.size())) > 0;)
        text.append(chunk.data(), static_cast<std::size_t>(n));
    return text;
}

/// Starts this test case in a child whose stderr goes to `err`.
inline pid_t spawn_self(int err) {
    std::string self = "/proc/self/exe", name = own_test_name();
    std::array<char*, 3> argv{self.data(), name.data(), nullptr};
    std::vector<char*> env;
    for (char** entry = environ; *entry != nullptr; ++entry) env.push_back(*entry);
    std::string mark = child_mark;
    env.push_back(mark.data());
    env.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    pid_t child = -1;
    const int failed = posix_spawn(&child, self.c_str(), &actions, nullptr, argv.data(), env.data());
    posix_spawn_file_actions_destroy(&actions);
    REQUIRE(failed == 0);
    return child;
}

/// How a process that calls f ends.
template <class F>
[[nodiscard]] Death death_of(F f) {
    if (std::getenv("GOFER_TEST_CHILD") != nullptr) {
        const rlimit no_core{0, 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        f();
        ::_exit(0);
    }
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = spawn_self(ends[1]);
    ::close(ends[1]);
    Death death{0, read_all(ends[0])};
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) death.signal = WTERMSIG(status);
    return death;
}

} // namespace fixture

// dump_on_signal, in a process of its own.
#include <array>
#include <chrono>
#include <cstddef>
#include <csignal>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <unistd.h>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;
using fixture::Death;
using fixture::death_of;

namespace {

/// While it lives, what this process writes to stderr comes by here on its way.
class Stderr {
public:
    Stderr() : before_{::dup(STDERR_FILENO)} {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) ::_exit(1);
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[1]);
        source_ = ends[0];
    }
    ~Stderr() {
        ::dup2(before_, STDERR_FILENO); // the end of what comes by
        while (pass()) {
        }
        ::close(source_);
        ::close(before_);
    }
    Stderr(const Stderr&) = delete;
    Stderr& operator=(const Stderr&) = delete;

    /// Returns when that text has come by so often, or after a time that only a defect takes. Blocks the thread.
    void await(const std::string& text, int times) {
        const auto limit = std::chrono::steady_clock::now() + 60s;
        while (count(text) < times && std::chrono::steady_clock::now() < limit) {
            pollfd ready{source_, POLLIN, 0};
            if (::poll(&ready, 1, 1000) > 0 && !pass()) return;
        }
    }

private:
    /// False: there was nothing, and there will be nothing.
    bool pass() {
        std::array<char, 4096> chunk;
        const ssize_t n = ::read(source_, chunk.data(), chunk.size());
        if (n <= 0) return false;
        said_.append(chunk.data(), static_cast<std::size_t>(n));
        return ::write(before_, chunk.data(), static_cast<std::size_t>(n)) == n;
    }
    int count(const std::string& text) const {
        int n = 0;
        for (std::size_t at = said_.find(text); at != std::string::npos; at = said_.find(text, at + 1)) ++n;
        return n;
    }

    int before_, source_{-1};
    std::string said_;
};

} // namespace

TEST_CASE("the signal has all goroutines written to stderr, and the process goes on") {
    const Death death = death_of([] {
        Stderr err;
        gofer::dump_on_signal(SIGQUIT);
        gofer::run(fixture::with_workers(2), [&err] {
            const gofer::Channel<int> c;
            gofer::WaitGroup wg;
            wg.go({.name = "reader"}, [&] { c.receive(); });
            fixture::parked_reaches(1);
            for (int times = 1; times <= 2; ++times) {
                ::raise(SIGQUIT);
                gofer::blocking([&] { err.await("\"reader\": ", times); }); // it is written some time from now
            }
            c.close();
            wg.wait();
        });
        gofer::base::say("went on\n");
    });
    CAPTURE(death.message);
    CHECK(death.signal == 0);
    CHECK(death.says("  \"reader\": receive on channel 0x"));
    CHECK(death.says("  \"main\": "));
    CHECK(death.says("went on\n"));
    const std::size_t first = death.message.find("\"reader\"");
    CHECK(death.message.find("\"reader\"", first + 1) != std::string::npos);
}

TEST_CASE("the signal is answered on a process without goroutines, too") {
    const Death death = death_of([] {
        Stderr err;
        gofer::dump_on_signal(SIGQUIT);
        ::raise(SIGQUIT);
        err.await("no goroutines\n", 1);
    });
    CAPTURE(death.message);
    CHECK(death.signal == 0);
    CHECK(death.says("gofer: no goroutines\n"));
}

TEST_CASE("dump_on_signal refuses a signal that cannot be caught") {
    CHECK_THROWS_AS(gofer::dump_on_signal(SIGKILL), std::invalid_argument);
}

// Each scenario throws from a function that its handler finds on the stack if nothing was unwound yet, past a
// destructor that must not run.
#include <cxxabi.h>
#include <execinfo.h>
#include <stdexcept>
#include <string>

#include "../../support/hop.hpp"
#include "../support/scenario.hpp"

using programs::Scenario;
using programs::Setting;

namespace {

struct SaysWhenUnwound {
    ~SaysWhenUnwound() { std::fputs("unwound\n", stderr); }
};

[[gnu::noinline]] void throws(int depth) {
    const SaysWhenUnwound says;
    if (depth > 0) return throws(depth - 1);
    throw std::runtime_error{"the disk is full"};
}

struct NoException {};
[[gnu::noinline]] void throws_something_else() {
    const SaysWhenUnwound says;
    throw NoException{};
}

/// Tells whether the throwing function still stands on the stack, by its return addresses: names may be stripped.
[[noreturn]] void look_at_the_stack() {
    const auto start = reinterpret_cast<std::uintptr_t>(&throws);
    void* frames[64];
    const int n = ::backtrace(frames, 64);
    int found = 0;
    for (int i = 0; i < n; ++i) {
        const auto at = reinterpret_cast<std::uintptr_t>(frames[i]);
        found += at > start && at < start + 400;
    }
    std::fprintf(stderr, "the thrower stands on the stack %d times\n", found);
    std::abort();
}

template <class Start>
void with_handler(Start start) {
    std::set_terminate(look_at_the_stack);
    start();
    gofer::sleep_for(std::chrono::hours{1});
}

const Scenario from_go{"from go", [](const Setting& s) {
    gofer::run(s.options(), [] {
        with_handler([] { gofer::go({.name = "unlucky"}, [] { throws(3); }); });
    });
}};

const Scenario from_wait_group{"from a wait group's go", [](const Setting& s) {
    gofer::run(s.options(), [] {
        gofer::WaitGroup wg;
        with_handler([&wg] { wg.go({.name = "unlucky"}, throws, 3); });
    });
}};

const Scenario from_own_stack{"from a stack of its own", [](const Setting& s) {
    gofer::run(s.options(), [] {
        with_handler([] { gofer::go({.name = "unlucky", .stack_size = 64 << 10}, [] { throws(3); }); });
    });
}};

const Scenario after_move{"after a move to another thread", [](const Setting& s) {
    gofer::run(s.options(), [] {
        with_handler([] {
            gofer::go({.name = "unlucky"}, [] {
                fixture::hop();
                throws(3);
            });
        });
    });
}};

const Scenario from_default{"from the default runtime", [](const Setting&) {
    with_handler([] { gofer::go({.name = "unlucky"}, [] { throws(3); }); });
}};

const Scenario rethrown{"rethrown out of a catch block", [](const Setting& s) {
    gofer::run(s.options(), [] {
        gofer::go({.name = "unlucky"}, [] {
            try {
                throw std::runtime_error{"the disk is full"};
            } catch (...) {
                gofer::yield();
                throw;
            }
        });
        gofer::sleep_for(std::chrono::hours{1});
    });
}};

const Scenario no_exception{"something that is no std::exception", [](const Setting& s) {
    gofer::run(s.options(), [] {
        gofer::go({.name = "unlucky"}, throws_something_else);
        gofer::sleep_for(std::chrono::hours{1});
    });
}};

// What async and run throw is for the one who waits.
const Scenario caught_elsewhere{"from async and from run", [](const Setting& s) {
    int caught = 0;
    try {
        gofer::run(s.options(), [&caught] {
            gofer::Future<void> f = gofer::async([] { throws(3); });
            try {
                f.get();
            } catch (const std::runtime_error&) {
                ++caught;
            }
            throws(3);
        });
    } catch (const std::runtime_error&) {
        ++caught;
    }
    programs::require(caught == 2, "both were caught");
}};

} // namespace

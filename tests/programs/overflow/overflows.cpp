// Overflows: by recursion and by one large array, on every kind of stack.
#include "../../support/hop.hpp"
#include "deep.hpp"

using overflow::large_array;
using overflow::recurse;
using programs::Scenario;
using programs::Setting;

namespace {

/// Runs body as a goroutine with those options, among others that are parked.
template <class Body>
void among_others(const Setting& s, gofer::GoOptions options, Body body) {
    gofer::run(s.options(), [&] {
        const gofer::Channel<int> c;
        for (int i = 0; i < 100; ++i) gofer::go([c] { c.receive(); });
        gofer::yield();
        gofer::WaitGroup wg;
        wg.go(options, body);
        wg.wait();
        c.close();
    });
}

const gofer::GoOptions named{.name = "deep one"};
const gofer::GoOptions named_small{.name = "deep one", .stack_size = 64 << 10};

const Scenario endless{"endless recursion", [](const Setting& s) {
    among_others(s, named, [] { recurse(0); });
}};
const Scenario endless_in_main{"endless recursion in the main goroutine", [](const Setting& s) {
    gofer::run(s.options(), [] { recurse(0); });
}};
const Scenario endless_in_own{"endless recursion on a stack of its own", [](const Setting& s) {
    among_others(s, named_small, [] { recurse(0); });
}};
const Scenario endless_after_move{"endless recursion after a move to another thread", [](const Setting& s) {
    among_others(s, named, [] {
        fixture::hop();
        recurse(0);
    });
}};
const Scenario endless_in_default{"endless recursion in the default runtime", [](const Setting&) {
    gofer::WaitGroup wg;
    wg.go(named, [] { recurse(0); });
    wg.wait();
}};

const Scenario array{"a large array", [](const Setting& s) {
    among_others(s, named, [] { large_array<400>(); });
}};
const Scenario array_in_main{"a large array in the main goroutine", [](const Setting& s) {
    gofer::run(s.options(), [] { large_array<std::size_t{12} << 10>(); });
}};
const Scenario array_in_own{"a large array on a stack of its own", [](const Setting& s) {
    among_others(s, named_small, [] { large_array<400>(); });
}};
const Scenario huge_array{"an array larger than many stacks", [](const Setting& s) {
    among_others(s, named, [] { large_array<3000>(); });
}};

const Scenario fits{"arrays that fit", [](const Setting& s) {
    among_others(s, named, [] { large_array<200>(); });
    gofer::run(s.options(), [] { large_array<std::size_t{6} << 10>(); });
    among_others(s, {.stack_size = 1 << 20}, [] { large_array<900>(); });
}};

} // namespace

// Variables of a program are called as parameters in templates of the headers are: that is no warning to its author.
#include <gofer/testing.hpp>
// Behind the one above, which brings part of it.
#include <gofer/gofer.hpp>

namespace {
struct Some {};
} // namespace

static Some args, body, buffer, core, ended, from, g, handler, hook, k, l, make, outcome, promise, state, then, whom;

[[maybe_unused]] static void use_them() {
    for ([[maybe_unused]] Some* some : {&args, &body, &buffer, &core, &ended, &from, &g, &handler, &hook, &k, &l, &make,
             &outcome, &promise, &state, &then, &whom}) {}
    gofer::Channel<int> numbers(2);
    gofer::GoroutineLocal<int> local;
    gofer::run([&] {
        gofer::select(gofer::send(numbers, 1, [] {}), gofer::timeout(std::chrono::seconds(1), [] {}));
        gofer::ErrGroup group;
        group.go([&] { numbers.send(*local); });
        group.wait();
        return gofer::async([] { return 1; }).get();
    });
    gofer::testing::LeakCheck leaks;
}

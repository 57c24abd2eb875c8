// Each error in a goroutine on a loop's stack, in one on a stack of its own, and in the main goroutine of run; as it
// stands, and after the goroutine has parked and moved to another thread.
#include "planted.hpp"

using programs::Scenario;
using programs::Setting;

namespace {

using Error = void (*)(bool moves);

// `yield` on the command line means: move to another thread first.
void in_goroutine(const Setting& s, Error error) {
    gofer::run(s.options(), [&] {
        gofer::WaitGroup wg;
        wg.go([&] { error(s.yields); });
        wg.wait();
    });
}
void in_own_stack(const Setting& s, Error error) {
    gofer::run(s.options(), [&] {
        gofer::WaitGroup wg;
        wg.go({.stack_size = 64 << 10}, [&] { error(s.yields); });
        wg.wait();
    });
}
void in_main(const Setting& s, Error error) {
    gofer::run(s.options(), [&] { error(s.yields); });
}

void overflow(bool moves) {
    memory_errors::write_to_array(10, moves);
}
void within(bool moves) {
    memory_errors::write_to_array(9, moves);
}

const Scenario overflow_in_goroutine{"array overflow", [](const Setting& s) { in_goroutine(s, overflow); }};
const Scenario overflow_in_own{"array overflow on a stack of its own",
                               [](const Setting& s) { in_own_stack(s, overflow); }};
const Scenario overflow_in_main{"array overflow in the main goroutine", [](const Setting& s) { in_main(s, overflow); }};
const Scenario within_array{"within the array", [](const Setting& s) {
    in_goroutine(s, within);
    in_own_stack(s, within);
    in_main(s, within);
}};

const Scenario after_scope{"use after scope", [](const Setting& s) {
    in_goroutine(s, [](bool moves) { memory_errors::use_after_scope(true, moves); });
}};
const Scenario in_scope{"use within the scope", [](const Setting& s) {
    in_goroutine(s, [](bool moves) { memory_errors::use_after_scope(false, moves); });
}};

const Scenario after_return{"use after return", [](const Setting& s) {
    in_goroutine(s, [](bool moves) { memory_errors::use_after_return(true, moves); });
}};
const Scenario before_return{"use before the return", [](const Setting& s) {
    in_goroutine(s, [](bool moves) { memory_errors::use_after_return(false, moves); });
}};

const Scenario after_free{"use after free", [](const Setting& s) {
    in_goroutine(s, [](bool moves) { memory_errors::use_after_free(true, moves); });
}};
const Scenario before_free{"use before the free", [](const Setting& s) {
    in_goroutine(s, [](bool moves) { memory_errors::use_after_free(false, moves); });
}};

} // namespace

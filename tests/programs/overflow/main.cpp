// Goroutines that use up their stacks, and faults that are none of the library's business: see CMakeLists.txt for what
// is expected of each.
#include "../support/scenario.hpp"

int main(int argc, char** argv) {
    return programs::Scenario::main(argc, argv);
}

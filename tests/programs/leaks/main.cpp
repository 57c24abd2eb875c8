// Goroutines that are left when run ends: see CMakeLists.txt for what is expected of each scenario.
#include "../support/scenario.hpp"

int main(int argc, char** argv) {
    return programs::Scenario::main(argc, argv);
}

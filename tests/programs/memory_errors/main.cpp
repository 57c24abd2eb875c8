// Planted memory errors and their mended twins, for AddressSanitizer: see CMakeLists.txt for what is expected of each.
#include "../support/scenario.hpp"

int main(int argc, char** argv) {
    return programs::Scenario::main(argc, argv);
}

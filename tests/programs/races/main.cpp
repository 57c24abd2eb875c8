// Planted races and their mended twins, for ThreadSanitizer: see CMakeLists.txt for what is expected of each.
#include "../support/scenario.hpp"

int main(int argc, char** argv) {
    return programs::Scenario::main(argc, argv);
}

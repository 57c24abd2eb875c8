// Processes in which everyone is asleep, for a while or for ever: see CMakeLists.txt for what is expected of each.
#include "../support/scenario.hpp"

int main(int argc, char** argv) {
    return programs::Scenario::main(argc, argv);
}

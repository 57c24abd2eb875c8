// Exceptions that leave a goroutine, started in every way there is: see CMakeLists.txt for what is expected.
#include "../support/scenario.hpp"

int main(int argc, char** argv) {
    return programs::Scenario::main(argc, argv);
}

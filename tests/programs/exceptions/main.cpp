// Exceptions, errno and thread_local across a park that ends on another thread; built with -O3 -flto where no sanitizer
// is at work, for it is the optimizer that springs these traps.
#include "../support/scenario.hpp"

int main(int argc, char** argv) {
    return programs::Scenario::main(argc, argv);
}

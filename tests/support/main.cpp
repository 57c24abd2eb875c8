// The body of Catch2 2 and its main(). No signal handlers of Catch2's: it puts back at the end of a test case what it
// found at the start, and so would take away the handler that the library installs at its first use.
#define CATCH_CONFIG_MAIN
#define CATCH_CONFIG_NO_POSIX_SIGNALS
#include <catch2/catch.hpp>

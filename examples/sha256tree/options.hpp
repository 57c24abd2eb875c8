// The command line: sha256tree [-j N] [--timeout SECONDS] DIR
#pragma once

#include <chrono>
#include <string>

namespace sha256tree {

struct Options {
    unsigned digesters; // how many files are digested at once
    std::string root;   // as the user wrote it: every path that is printed begins with it
    std::chrono::duration<double> timeout; // infinite: none
};

/// The options given. Does not return after --help (exit status 0) and bad arguments (a message, the usage,
/// status 2).
Options parse_options(int argc, char** argv);

} // namespace sha256tree

// What there is to say when the work was ended before it was done.
#pragma once

#include <cstdint>

#include <gofer/gofer.hpp>

#include "collector.hpp"
#include "sum.hpp"

namespace sha256tree {

/// How the work was cut short; nothing happened when it was done before its context ended.
struct Interruption {
    int signal = 0; // SIGINT or SIGTERM
    bool timed_out = false;
    std::uint64_t files_left = 0; // found, and not digested
    bool walk_was_cut_short = false;

    bool happened() const { return signal != 0 || timed_out; }

    /// Says on stderr what ended the work and what was not done. Returns the exit status that stands for it.
    int tell_and_exit_status() const;
};

/// When the pipeline has run out.
Interruption interruption_of(const gofer::Context& ctx, const Collected& collected, const Tally& tally);

} // namespace sha256tree

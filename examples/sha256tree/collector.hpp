// The last stage of the pipeline, run by the caller.
#pragma once

#include <cstdint>
#include <vector>

#include <gofer/gofer.hpp>

#include "sum.hpp"

namespace sha256tree {

struct Collected {
    std::vector<Sum> sums; // sorted by path, byte for byte as LC_ALL=C sort does
    bool failed = false;   // something could not be read, which has been said on stderr
    std::uint64_t left = 0; // files that were found and not digested, since the context ended
};

/// Takes in all batches, with a progress bar meanwhile.
Collected collect(gofer::Receiver<Batch> digested, Tally& tally);

} // namespace sha256tree

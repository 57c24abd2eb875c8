// The first stage of the pipeline: one goroutine that finds what there is to digest.
#pragma once

#include <string>

#include <gofer/gofer.hpp>

#include "sum.hpp"

namespace sha256tree {

/// Walks the tree at `root` until the context ends and sends a sum, in batches, for each regular file, and one with
/// an error for each directory that cannot be read. The channel is closed after the last; until then the tally must
/// live.
gofer::Receiver<Batch> start_walker(gofer::Context ctx, std::string root, Tally& tally);

} // namespace sha256tree

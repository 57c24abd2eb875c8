// The second stage of the pipeline: as many goroutines as files may be open at once.
#pragma once

#include <gofer/gofer.hpp>

#include "sum.hpp"

namespace sha256tree {

/// Starts `count` digesters, which share the batches found and send each on with its digests filled in; once the
/// context has ended they only mark what is left as cancelled, and so the pipeline runs out. The channel is closed
/// when all of them have ended; until then the tally must live.
gofer::Receiver<Batch> start_digesters(gofer::Context ctx, unsigned count, gofer::Receiver<Batch> found, Tally& tally);

} // namespace sha256tree

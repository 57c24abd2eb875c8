// Each digester takes the next batch as soon as it has done with one, so that none is idle while others have
// work left; the order of the batches gets lost, and is not needed.
#include "digesters.hpp"

#include <utility>

#include "sha256.hpp"

namespace sha256tree {

namespace {

void digest_batches(const gofer::Context& ctx, gofer::Receiver<Batch> found, gofer::Sender<Batch> digested, Tally& tally) {
    Sha256 sha256(tally);
    for (Batch batch : found) {
        for (Sum& sum : batch)
            if (!sum.error) sha256.digest(ctx, sum);
        digested.send(std::move(batch));
    }
}

} // namespace

gofer::Receiver<Batch> start_digesters(gofer::Context ctx, unsigned count, gofer::Receiver<Batch> found, Tally& tally) {
    gofer::Channel<Batch> digested(2 * count);
    gofer::go({.name = "digesters"}, [=, &tally] {
        gofer::WaitGroup digesters;
        for (unsigned i = 0; i < count; ++i)
            digesters.go([=, &tally] { digest_batches(ctx, found, digested, tally); });
        digesters.wait();
        digested.close();
    });
    return digested;
}

} // namespace sha256tree

// Reading a file blocks the thread, so it is done in gofer::blocking: the other goroutines go on meanwhile,
// and N digesters read N files at once however few processors there are.
#include "digesters.hpp"

#include <utility>

#include "sha256.hpp"

namespace sha256tree {

namespace {

void digest_batches(gofer::Receiver<Batch> found, gofer::Sender<Batch> digested, Tally& tally) {
    Sha256 sha256(tally);
    for (Batch batch : found) {
        for (Sum& sum : batch)
            if (!sum.error) sha256.digest(sum);
        digested.send(std::move(batch));
    }
}

} // namespace

gofer::Receiver<Batch> start_digesters(unsigned count, gofer::Receiver<Batch> found, Tally& tally) {
    gofer::Channel<Batch> digested(2 * count);
    gofer::go({.name = "digesters"}, [=, &tally] {
        gofer::WaitGroup digesters;
        for (unsigned i = 0; i < count; ++i)
            digesters.go([=, &tally] { digest_batches(found, digested, tally); });
        digesters.wait();
        digested.close();
    });
    return digested;
}

} // namespace sha256tree

// Only the collector writes to stderr while the pipeline runs, so the bar and the errors cannot get mixed up.
#include "collector.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "progress_bar.hpp"

namespace sha256tree {

namespace {

class Collector {
public:
    explicit Collector(Tally& tally) : tally_(tally), bar_(tally) {}

    void collect(gofer::Receiver<Batch> digested) {
        while (open_) {
            gofer::select(
                gofer::recv(digested, [this](std::optional<Batch> batch) { take(std::move(batch)); }),
                gofer::timeout(ProgressBar::period));
            bar_.draw_when_due();
        }
        std::ranges::sort(collected_.sums, {}, &Sum::path);
    }

    Collected result() && { return std::move(collected_); }

private:
    void take(std::optional<Batch> batch) {
        if (!batch) {
            open_ = false;
            return;
        }
        for (Sum& sum : *batch) keep(std::move(sum));
        tally_.finished.fetch_add(batch->size(), std::memory_order_relaxed);
    }

    void keep(Sum sum) {
        if (!sum.error) {
            collected_.sums.push_back(std::move(sum));
            return;
        }
        if (sum.error == std::errc::operation_canceled) {
            ++collected_.left;
            return;
        }
        collected_.failed = true;
        bar_.erase();
        std::fprintf(stderr, "sha256tree: %s: %s\n", escaped(sum.path).c_str(), sum.error.message().c_str());
    }

    Tally& tally_;
    ProgressBar bar_;
    Collected collected_;
    bool open_ = true;
};

} // namespace

Collected collect(gofer::Receiver<Batch> digested, Tally& tally) {
    Collector collector(tally);
    collector.collect(std::move(digested));
    return std::move(collector).result();
}

} // namespace sha256tree

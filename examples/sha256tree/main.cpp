// sha256tree [-j N] [--timeout SECONDS] DIR: the SHA-256 digests of a directory tree, sorted by path, as sha256sum
// writes them.
//
// It prints what `find DIR -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum` prints, by a pipeline of
// goroutines joined by channels:
//
//     walker --found--> N digesters --digested--> collector
//
// Ctrl-C, SIGTERM and the timeout end the context that all stages share: each stops at its next step and lets
// what is on its way run out, so that what was digested is printed, and what was not is told of.
//
// Exit status: 0, or 1 if something could not be read (the rest is digested all the same), or 2 for bad
// arguments; 130 after Ctrl-C, 143 after SIGTERM, 124 after the timeout.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include <gofer/gofer.hpp>

#include "collector.hpp"
#include "digesters.hpp"
#include "interruption.hpp"
#include "options.hpp"
#include "walker.hpp"

namespace {

using namespace sha256tree;

struct Outcome {
    Collected collected;
    Interruption interruption;
};

Outcome digest_tree(const Options& options) {
    auto [signalled, end_signalled] = gofer::with_signals(gofer::Context::background(), {SIGINT, SIGTERM});
    auto [ctx, end] = gofer::with_timeout(signalled, options.timeout);
    // Of all the goroutines that use the tally, none is left when the last channel is closed and collect()
    // returns.
    Tally tally;
    const gofer::Receiver<Batch> found = start_walker(ctx, options.root, tally);
    const gofer::Receiver<Batch> digested = start_digesters(ctx, options.digesters, found, tally);
    Collected collected = collect(digested, tally);
    const Interruption interruption = interruption_of(ctx, collected, tally);
    return {std::move(collected), interruption};
}

bool print(const std::vector<Sum>& sums) {
    for (const Sum& sum : sums) {
        const std::string line = line_of(sum);
        std::fwrite(line.data(), 1, line.size(), stdout);
    }
    if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return true;
    std::fprintf(stderr, "sha256tree: cannot write the output: %s\n", std::strerror(errno));
    return false;
}

} // namespace

int main(int argc, char** argv) {
    const Options options = parse_options(argc, argv);
    // Reading a file blocks the thread, so there is one for each digester, however few processors there are, and one
    // for the rest: walker, collector, and the timeout.
    const auto [collected, interruption] = gofer::run({.workers = options.digesters + 1}, digest_tree, options);
    const bool printed = print(collected.sums);
    if (interruption.happened()) return interruption.tell_and_exit_status();
    return printed && !collected.failed ? 0 : 1;
}

// sha256tree [-j N] DIR: the SHA-256 digests of a directory tree, sorted by path, as sha256sum writes them.
//
// It prints what `find DIR -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum` prints, by a pipeline of
// goroutines joined by channels:
//
//     walker --found--> N digesters --digested--> collector
//
// Exit status: 0, or 1 if something could not be read (the rest is digested all the same), or 2 for bad
// arguments.
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <gofer/gofer.hpp>

#include "collector.hpp"
#include "digesters.hpp"
#include "options.hpp"
#include "walker.hpp"

namespace {

using namespace sha256tree;

Collected digest_tree(const Options& options) {
    // Of all the goroutines that use the tally, none is left when the last channel is closed and collect()
    // returns.
    Tally tally;
    const gofer::Receiver<Batch> found = start_walker(options.root, tally);
    const gofer::Receiver<Batch> digested = start_digesters(options.digesters, found, tally);
    return collect(digested, tally);
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
    // Reading a file blocks the thread, so there is one for each digester, however few processors there are.
    const Collected collected = gofer::run({.workers = options.digesters}, digest_tree, options);
    return print(collected.sums) && !collected.failed ? 0 : 1;
}

// What travels through the pipeline. The walker writes the path, a digester the digest, and either of them
// the error; the collector makes the line of it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace sha256tree {

using Digest = std::array<unsigned char, 32>;

struct Sum {
    std::string path;
    Digest digest{};
    std::error_code error{}; // set: the digest means nothing; operation_canceled: nobody has tried, or not to the end
};

/// Sums go from stage to stage by the dozen: handing over one costs little, but a small file costs not much
/// more.
using Batch = std::vector<Sum>;

/// How far the work has come, for the progress bar; every stage adds to it while it runs.
struct Tally {
    std::atomic<std::uint64_t> found{0};
    std::atomic<std::uint64_t> finished{0};
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<bool> walk_was_cut_short{false};
};

/// True if the line of this path must be marked as escaped.
bool needs_escape(std::string_view path);

/// The path with backslash, newline and carriage return written as \\, \n and \r, so that it stays on one
/// line.
std::string escaped(std::string_view path);

/// The line that sha256sum prints for this path and digest, with its newline.
std::string line_of(const Sum& sum);

} // namespace sha256tree

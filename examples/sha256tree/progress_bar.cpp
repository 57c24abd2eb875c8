// The bar is drawn over itself by a carriage return, and cleared by the terminal's own "erase to the end of
// the line".
#include "progress_bar.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <unistd.h>

namespace sha256tree {

namespace {

constexpr std::uint64_t width = 30;

std::string bar(std::uint64_t finished, std::uint64_t found) {
    const std::uint64_t filled = found == 0 ? 0 : std::min(width, width * finished / found);
    return std::string(filled, '#') + std::string(width - filled, '.');
}

std::uint64_t read(const std::atomic<std::uint64_t>& count) { return count.load(std::memory_order_relaxed); }

} // namespace

ProgressBar::ProgressBar(const Tally& tally)
    : tally_(tally), on_terminal_(::isatty(STDERR_FILENO) == 1), due_(Clock::now() + period) {}

void ProgressBar::draw_when_due() {
    if (!on_terminal_ || Clock::now() < due_) return;
    draw();
    due_ = Clock::now() + period;
}

void ProgressBar::draw() {
    const std::uint64_t finished = read(tally_.finished);
    const std::uint64_t found = read(tally_.found);
    const auto megabytes = static_cast<double>(read(tally_.bytes)) / 1e6;
    std::fprintf(stderr, "\r[%s] %llu of %llu files, %.0f MB\033[K", bar(finished, found).c_str(),
                 static_cast<unsigned long long>(finished), static_cast<unsigned long long>(found),
                 megabytes);
    visible_ = true;
}

void ProgressBar::erase() {
    if (visible_) std::fputs("\r\033[K", stderr);
    visible_ = false;
}

} // namespace sha256tree

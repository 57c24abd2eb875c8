// A line on stderr that shows how far the work has come; where stderr is no terminal it does nothing.
#pragma once

#include <chrono>

#include "sum.hpp"

namespace sha256tree {

class ProgressBar {
public:
    static constexpr std::chrono::milliseconds period{100};

    explicit ProgressBar(const Tally& tally);
    ~ProgressBar() { erase(); }
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    /// Draws the tally once a period has passed since the last time.
    void draw_when_due();

    /// Clears the line for other text; the bar comes back when it is due.
    void erase();

private:
    using Clock = std::chrono::steady_clock;

    void draw();

    const Tally& tally_;
    const bool on_terminal_;
    bool visible_ = false;
    Clock::time_point due_;
};

} // namespace sha256tree

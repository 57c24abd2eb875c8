// Which goroutines there are in the process, to be compared with which there were.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gofer/base/separate.hpp>
#if GOFER_WITH_BODIES
#include <gofer/debug/snapshot.hpp>
#include <gofer/debug/threads.hpp>
#endif

namespace gofer::inline v1::debug {

struct LiveGoroutines {
    std::vector<std::uint64_t> ids; // of those that have started, in ascending order
    std::uint64_t waiting = 0;      // have not started; about, when something runs

    bool has(std::uint64_t id) const { return std::binary_search(ids.begin(), ids.end(), id); }
};

LiveGoroutines live_goroutines();
/// A line for each goroutine that is there now and was not then; empty if there is none.
std::string describe_new_since(const LiveGoroutines& then);

#if GOFER_WITH_BODIES

/// Linear in the number of stacks that were ever in use at once. `visit(snapshot)` for each that has started.
template <class Visit>
LiveGoroutines look_at_goroutines(Visit visit) {
    LiveGoroutines live;
    Threads threads(1'000'000'000);
    for_each_goroutine([&](const Snapshot& s, const task::Goroutine&) {
        live.ids.push_back(s.id);
        threads.count_seen(s.home);
        visit(s);
    });
    std::sort(live.ids.begin(), live.ids.end());
    live.waiting = threads.not_started();
    return live;
}
GOFER_SEPARABLE LiveGoroutines live_goroutines() {
    return look_at_goroutines([](const Snapshot&) {});
}

GOFER_SEPARABLE std::string describe_new_since(const LiveGoroutines& then) {
    std::string lines;
    constexpr std::size_t shown = 100;
    std::size_t count = 0;
    const LiveGoroutines now = look_at_goroutines([&](const Snapshot& s) {
        if (then.has(s.id)) return;
        if (++count > shown) return;
        base::TextOf<1024> text;
        add_line(text, s);
        lines.append("  ").append(text.c_str(), text.length()).append("\n");
    });
    if (count > shown) lines += "  and " + std::to_string(count - shown) + " more\n";
    if (now.waiting > then.waiting)
        lines += "  " + std::to_string(now.waiting - then.waiting) + " that have not started yet\n";
    return lines;
}

#endif

} // namespace gofer::inline v1::debug

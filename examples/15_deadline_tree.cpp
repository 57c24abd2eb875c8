// Timeouts and cancellation over a tree of work: a report asks three sources, one of them by way of two mirrors.
// Each part has its own patience, no part may take longer than what it is part of, and the end of one reaches all
// below it.
//
// In Go:
//     ctx, cancel := context.WithTimeout(parent, patience)
//     defer cancel()
//     select {
//     case <-time.After(delay): return "answer"
//     case <-ctx.Done():        return ctx.Err().Error()
//     }
#include <chrono>
#include <cstdio>
#include <string>
#include <system_error>

#include <gofer/gofer.hpp>

using namespace std::chrono_literals;

std::string query(const gofer::Context& ctx, std::chrono::milliseconds delay) {
    if (gofer::sleep_for(ctx, delay)) return "an answer";
    return ctx.err() == std::errc::timed_out ? "out of time" : "cancelled";
}

/// Asks both at once, takes what comes first and cancels the other.
std::string query_mirrors(const gofer::Context& parent) {
    auto [ctx, cancel] = gofer::with_cancel(parent);
    gofer::Channel<std::string> slow(1), quick(1);
    gofer::go([=, ctx = ctx] { slow.send("the slow mirror has " + query(ctx, 1h)); });
    gofer::go([=, ctx = ctx] { quick.send("the quick mirror has " + query(ctx, 1ms)); });
    const std::string first = quick.receive().value();
    cancel();
    return first + ", " + slow.receive().value();
}

int main() {
    gofer::run([] {
        auto [report, end_report] = gofer::with_timeout(gofer::Context::background(), 1min);
        gofer::WaitGroup parts;
        std::string mirrored, impatient, endless;

        parts.go([&, ctx = report] { mirrored = query_mirrors(ctx); });
        parts.go([&, ctx = report] {
            auto [part, end_part] = gofer::with_timeout(ctx, 5ms); // less than the report has
            impatient = query(part, 1h);
        });
        parts.go([&, ctx = report] {
            auto [chapter, end_chapter] = gofer::with_timeout(ctx, 20ms);
            auto [part, end_part] = gofer::with_timeout(chapter, 1h); // the chapter's own end comes first
            endless = query(part, 1h);
        });

        parts.wait();
        std::printf("mirrored: %s\n", mirrored.c_str());
        std::printf("impatient: %s\n", impatient.c_str());
        std::printf("endless: %s\n", endless.c_str());
    });
}

// Statuses as shells and timeout(1) use them: 128 and the number of the signal, and 124 when time ran out.
#include "interruption.hpp"

#include <cstdio>
#include <cstring>
#include <exception>

namespace sha256tree {

namespace {

int signal_in(const std::exception_ptr& cause) {
    try {
        std::rethrow_exception(cause);
    } catch (const gofer::SignalReceived& received) {
        return received.number;
    } catch (const gofer::Cancelled&) {
        return 0;
    }
}

} // namespace

int Interruption::tell_and_exit_status() const {
    const char* const what = timed_out ? "out of time" : ::strsignal(signal);
    const char* const more = walk_was_cut_short ? ", and what the walk had not come to" : "";
    std::fprintf(stderr, "sha256tree: %s: %llu files found were not digested%s\n", what,
                 static_cast<unsigned long long>(files_left), more);
    return timed_out ? 124 : 128 + signal;
}

Interruption interruption_of(const gofer::Context& ctx, const Collected& collected, const Tally& tally) {
    Interruption interruption;
    interruption.files_left = collected.left;
    interruption.walk_was_cut_short = tally.walk_was_cut_short;
    if (!ctx.cancelled() || (collected.left == 0 && !tally.walk_was_cut_short)) return interruption;
    interruption.timed_out = ctx.err() == std::errc::timed_out;
    if (!interruption.timed_out) interruption.signal = signal_in(ctx.cause());
    return interruption;
}

} // namespace sha256tree

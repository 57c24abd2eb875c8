// What misuse throws, and what ends work on request or with its runtime. (What nothing can mend is a fatal error:
// base/fatal.hpp.)
#pragma once

#include <stdexcept>
#include <string>
#include <system_error>

namespace gofer::inline v1 {

/// Thrown by a send on a closed channel, and by closing a channel that is closed already or nil.
struct [[gnu::visibility("default")]] ChannelClosed : std::logic_error {
    using std::logic_error::logic_error;
};

/// The end of a context: thrown by Context::check(), and its cause where no other was given. code() is
/// std::errc::operation_canceled or std::errc::timed_out.
struct [[gnu::visibility("default")]] Cancelled : std::system_error {
    explicit Cancelled(std::error_code why)
        : Cancelled(why, why == std::errc::timed_out ? "gofer: the context's deadline has passed"
                                                     : "gofer: the context was cancelled") {}

protected:
    Cancelled(std::error_code why, const std::string& words) : std::system_error(why, words) {}
};

/// The cause of a context that a signal ended.
struct [[gnu::visibility("default")]] SignalReceived : Cancelled {
    explicit SignalReceived(int signal)
        : Cancelled(std::make_error_code(std::errc::operation_canceled),
                    "gofer: signal " + std::to_string(signal) + " ended the context"),
          number(signal) {}

    int number; ///< SIGINT, for example
};

/// What a blocking call throws at the end of its goroutine's runtime, under Leaks::unwind, so that destructors run. No
/// std::exception, and nobody's to handle: catch (...) has to rethrow it. A goroutine that swallows it and blocks again
/// is abandoned there.
struct [[gnu::visibility("default")]] Unwind {};

} // namespace gofer::inline v1

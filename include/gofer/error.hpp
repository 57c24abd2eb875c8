// What misuse throws. (What nothing can mend is a fatal error: base/fatal.hpp.)
#pragma once

#include <stdexcept>

namespace gofer::inline v1 {

/// Thrown by a send on a closed channel, and by closing a channel that is closed already or nil.
struct [[gnu::visibility("default")]] ChannelClosed : std::logic_error {
    using std::logic_error::logic_error;
};

} // namespace gofer::inline v1

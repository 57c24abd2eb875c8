// Programs that end when the report is there, or that help only then: a machine under load may take long for it.
#pragma once

#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

namespace programs {

/// Whether stderr has been written to; true where it is no file. Safe in a signal handler.
inline bool something_is_said() noexcept {
    struct stat status {};
    return ::fstat(STDERR_FILENO, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > 0;
}

/// Returns when that is so, or after a time that only a defect takes. Does not call the library.
inline void await_words() noexcept {
    for (int i = 0; i < 600 && !something_is_said(); ++i) ::usleep(100'000);
}

/// Ends the process with 0 a second after that, or after a time that only a defect takes. A thread for this might be about
/// to call the library.
inline void exit_after_the_report() noexcept {
    static volatile std::sig_atomic_t seconds = 0, last = 60;
    ::signal(SIGALRM, [](int) {
        seconds = seconds + 1;
        if (seconds > last) ::_exit(0);
        if (something_is_said()) last = seconds;
        ::alarm(1);
    });
    ::alarm(1);
}

} // namespace programs

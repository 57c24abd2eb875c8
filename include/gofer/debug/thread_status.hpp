// What the kernel says of a thread in /proc/self/task/TID/stat. Read by who runs on another thread's thread-local memory
// (raw_call.hpp).
#pragma once

#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <gofer/debug/raw_call.hpp>

namespace gofer::inline v1::debug {

/// Reads digits up to the first other character.
GOFER_ON_FOREIGN_STACK inline pid_t number_at(const char* text) noexcept {
    pid_t value = 0;
    for (; *text >= '0' && *text <= '9'; ++text) value = value * 10 + (*text - '0');
    return value;
}

/// `123 (name) S ...`, where the name may hold anything.
class ThreadStatus {
public:
    /// `tasks` is a descriptor of /proc/self/task.
    GOFER_ON_FOREIGN_STACK ThreadStatus(int tasks, pid_t tid) noexcept {
        char path[32];
        write_path(path, tid);
        const long file = raw_call(SYS_openat, tasks, path, O_RDONLY | O_CLOEXEC);
        size_ = file;
        if (file < 0) return;
        size_ = raw_call(SYS_read, file, text_, sizeof text_ - 1);
        if (size_ >= 0) text_[size_] = '\0';
        raw_call(SYS_close, file);
    }

    /// It may be in the list all the same: the main thread is as long as there are others.
    GOFER_ON_FOREIGN_STACK bool has_ended() const noexcept {
        if (size_ < 0) return size_ == -ENOENT || size_ == -ESRCH;
        const char* at = state();
        return at && (*at == 'Z' || *at == 'X');
    }

    /// Of the thread's process. 0: not known.
    GOFER_ON_FOREIGN_STACK std::size_t number_of_threads() const noexcept {
        const char* at = state();
        if (!at) return 0;
        std::size_t blanks = 0;
        for (const char* end = text_ + size_; at < end; ++at)
            if (*at == ' ' && ++blanks == fields_before_threads) return static_cast<std::size_t>(number_at(at + 1));
        return 0;
    }

private:
    static constexpr std::size_t fields_before_threads = 17; // from the state on

    GOFER_ON_FOREIGN_STACK static void write_path(char* path, pid_t tid) noexcept {
        char digits[16];
        std::size_t count = 0;
        for (pid_t rest = tid; rest > 0; rest /= 10) digits[count++] = static_cast<char>('0' + rest % 10);
        while (count > 0) *path++ = digits[--count];
        for (const char* c = "/stat"; *c; ++c) *path++ = *c;
        *path = '\0';
    }

    /// Where the state stands; null: nowhere.
    GOFER_ON_FOREIGN_STACK const char* state() const noexcept {
        for (long at = size_ - 3; at >= 0; --at)
            if (text_[at] == ')') return text_ + at + 2;
        return nullptr;
    }

    char text_[512];
    long size_; // or an error
};

} // namespace gofer::inline v1::debug

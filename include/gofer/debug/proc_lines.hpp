// A file of /proc, line by line. Takes no lock, allocates nothing: for a standstill (standstill.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gofer::inline v1::debug {

class ProcLines {
public:
    explicit ProcLines(const char* path) noexcept : file_(::open(path, O_RDONLY | O_CLOEXEC)) {}
    ~ProcLines() {
        if (file_ >= 0) ::close(file_);
    }
    ProcLines(const ProcLines&) = delete;
    ProcLines& operator=(const ProcLines&) = delete;

    bool good() const noexcept { return file_ >= 0 && !failed_; }
    /// Null: there are no more. What is longer than the room is cut off.
    const char* next() noexcept {
        std::size_t n = 0;
        for (char c; get(c) && c != '\n';)
            if (n + 1 < sizeof line_) line_[n++] = c;
        if (n == 0) return nullptr;
        line_[n] = '\0';
        return line_;
    }

private:
    bool get(char& c) noexcept {
        if (at_ == size_) {
            const long n =
                file_ < 0 ? -1 : static_cast<long>(::syscall(SYS_read, file_, buffer_, sizeof buffer_));
            if (n < 0) failed_ = true;
            if (n <= 0) return false;
            size_ = static_cast<std::size_t>(n);
            at_ = 0;
        }
        c = buffer_[at_++];
        return true;
    }

    int file_;
    bool failed_ = false;
    std::size_t at_ = 0;
    std::size_t size_ = 0;
    char line_[512];
    char buffer_[4096];
};

inline std::uintptr_t hex_number(const char*& at) noexcept {
    std::uintptr_t value = 0;
    for (;; ++at) {
        if (*at >= '0' && *at <= '9')
            value = value * 16 + static_cast<std::uintptr_t>(*at - '0');
        else if (*at >= 'a' && *at <= 'f')
            value = value * 16 + static_cast<std::uintptr_t>(*at - 'a' + 10);
        else
            return value;
    }
}

} // namespace gofer::inline v1::debug

// Text in a buffer of the caller's: for reports, which may be made in a signal handler, or while somebody holds the
// lock of the heap. Never allocates; what does not fit is cut off.
#pragma once

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace gofer::inline v1::base {

class Text {
public:
    Text(char* buffer, std::size_t size) noexcept : buffer_(buffer), size_(size) { buffer_[0] = '\0'; }
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;

    [[gnu::format(printf, 2, 3)]] void add(const char* format, ...) noexcept {
        std::va_list args;
        va_start(args, format);
        const int n = std::vsnprintf(buffer_ + length_, size_ - length_, format, args);
        va_end(args);
        if (n <= 0) return;
        const std::size_t room = size_ - length_ - 1;
        length_ += static_cast<std::size_t>(n) < room ? static_cast<std::size_t>(n) : room;
    }
    /// `1.2 s`, `35 ms`, `12 min`: two or three digits are enough for a reader.
    void add_duration(std::int64_t ns) noexcept {
        if (ns < 1'000'000)
            add("%lld us", rounded(ns, 1000));
        else if (ns < 1'000'000'000)
            add("%lld ms", rounded(ns, 1'000'000));
        else if (ns < 100'000'000'000)
            add("%lld.%lld s", rounded(ns, 100'000'000) / 10, rounded(ns, 100'000'000) % 10);
        else if (ns < 100 * minute_ns)
            add("%lld min", rounded(ns, minute_ns));
        else
            add("%lld h", rounded(ns, 60 * minute_ns));
    }

    const char* c_str() const noexcept { return buffer_; }
    std::size_t length() const noexcept { return length_; }
    void clear() noexcept { buffer_[length_ = 0] = '\0'; }

private:
    static constexpr std::int64_t minute_ns = 60'000'000'000;
    static constexpr long long rounded(std::int64_t ns, std::int64_t unit) noexcept {
        return ns / unit + (ns % unit >= unit / 2 ? 1 : 0);
    }

    char* buffer_;
    std::size_t size_;
    std::size_t length_ = 0;
};

/// A Text with its buffer.
template <std::size_t Size>
class TextOf : public Text {
public:
    TextOf() noexcept : Text(memory_, Size) {}

private:
    char memory_[Size];
};

} // namespace gofer::inline v1::base

// A small, fast generator for scheduling decisions (victims, select cases). Not for anything secret.
// Algorithm: xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016).
#pragma once

#include <cstdint>

namespace gofer::inline v1::base {

class Random {
public:
    explicit constexpr Random(std::uint64_t seed) noexcept
        : state_(seed * 0x9E3779B97F4A7C15u | 1u) {}

    std::uint32_t next() noexcept {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return static_cast<std::uint32_t>((state_ * 0x2545F4914F6CDD1Du) >> 32);
    }
    /// Uniform in [0, bound) but for a bias of bound / 2^32; bound is small here.
    std::uint32_t below(std::uint32_t bound) noexcept {
        return static_cast<std::uint32_t>((static_cast<std::uint64_t>(next()) * bound) >> 32);
    }

private:
    std::uint64_t state_;
};

} // namespace gofer::inline v1::base

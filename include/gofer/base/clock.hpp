// The library's clock and its one representation of "until when": nanoseconds of CLOCK_MONOTONIC, saturated.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <type_traits>

#include <gofer/base/now.hpp>

namespace gofer::inline v1 {

/// The steady clock that every duration and time point of the library is measured by.
struct Clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Clock>;
    static constexpr bool is_steady = true;

    static time_point now() noexcept;
};

namespace base {

/// A duration in nanoseconds, rounded up and saturated: hours::max() is `never`, anything negative is zero.
template <class Rep, class Period>
constexpr std::int64_t saturated_ns(std::chrono::duration<Rep, Period> d) noexcept {
    using Wide = std::chrono::duration<long double, std::nano>;
    if constexpr (std::is_floating_point_v<Rep>) {
        if (!(d.count() == d.count())) return 0;
    }
    const auto wide = std::chrono::duration_cast<Wide>(d).count();
    if (wide <= 0) return 0;
    if (wide >= static_cast<long double>(never)) return never;
    const auto whole = static_cast<std::int64_t>(wide);
    return static_cast<long double>(whole) < wide ? whole + 1 : whole;
}

/// The moment `ns` from now; `never` stays `never`.
inline std::int64_t deadline_after(std::int64_t ns) noexcept {
    if (ns == never) return never;
    const std::int64_t now = now_ns();
    return ns >= never - now ? never : now + ns;
}

template <class Rep, class Period>
std::int64_t deadline_after(std::chrono::duration<Rep, Period> d) noexcept {
    return deadline_after(saturated_ns(d));
}

/// The same moment on our clock, from a time point of any clock.
template <class C, class D>
std::int64_t deadline_at(std::chrono::time_point<C, D> tp) noexcept {
    if constexpr (std::is_same_v<C, Clock> || std::is_same_v<C, std::chrono::steady_clock>) {
        return saturated_ns(tp.time_since_epoch());
    } else {
        const auto until = tp.time_since_epoch();
        const auto now = C::now().time_since_epoch();
        using Wide = std::chrono::duration<long double, std::nano>;
        return deadline_after(saturated_ns(Wide(until) - Wide(now)));
    }
}

} // namespace base

inline Clock::time_point Clock::now() noexcept {
    return time_point(duration(base::now_ns()));
}

} // namespace gofer::inline v1

// Guesses where the next objects lie of a list whose objects lie, most of the time, as far from each other as those before
// them: waiters and records on stacks, which are cut and pooled in order. To follow the list's pointers is to wait for one
// line of memory after the other; what is guessed can be fetched meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>

#include <gofer/base/prefetch.hpp>

namespace gofer::inline v1::base {

/// What lies so far behind `near`, if anything does.
inline void prefetch_at(const void* near, std::uintptr_t distance, std::size_t bytes) noexcept {
    prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(near) + distance), bytes);
}

class Foresight {
public:
    /// How far on from `object`, the next of the list, the eighth behind it should be; 0: this one was not where it should
    /// have been. The eighth, since the records of neighbours are staggered, and every eighth alike (fiber/slab.hpp, colours).
    std::uintptr_t look(const void* object) noexcept {
        const auto at = reinterpret_cast<std::uintptr_t>(object);
        Place& place = places_[turn_++ % ahead];
        const bool was_right = place.foretold == at || turn_ <= 2 * ahead;
        const std::uintptr_t distance = place.seen ? at - place.seen : 0;
        place = {at, at + distance};
        return was_right ? distance : 0;
    }

    /// Fetches the beginning of the eighth behind `object`, if it is known where that should be.
    void fetch_behind(const void* object, std::size_t bytes) noexcept {
        if (const std::uintptr_t distance = look(object)) prefetch_at(object, distance, bytes);
    }

private:
    static constexpr unsigned ahead = 8;
    struct Place {
        std::uintptr_t seen = 0;
        std::uintptr_t foretold = 0;
    };
    Place places_[ahead];
    unsigned turn_ = 0;
};

} // namespace gofer::inline v1::base

// Who did the work: a row that says something about several workers proves that several had a hand in it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>

#include "bench/harness/check.hpp"

namespace bench {

/// The threads that took part. show() is called some hundred times a batch, not at every operation.
class Hands {
public:
    void show() {
        const std::size_t mine = std::hash<std::thread::id>{}(std::this_thread::get_id()) | 1;
        for (std::atomic<std::size_t>& place : places_) {
            std::size_t found = place.load(std::memory_order_relaxed);
            if (found == 0 && place.compare_exchange_strong(found, mine, std::memory_order_relaxed)) {
                return;
            }
            if (found == mine) {
                return;
            }
        }
    }

    void forget() {
        for (std::atomic<std::size_t>& place : places_) {
            place.store(0, std::memory_order_relaxed);
        }
    }

    /// Ends the program when several workers were there and one thread did it all.
    void check_shared(unsigned workers) const {
        if (workers > 1) {
            check("whether the work was shared", places_[1].load(std::memory_order_relaxed) != 0, true);
        }
    }

private:
    std::array<std::atomic<std::size_t>, 8> places_{}; // more than eight say no more than eight
};

inline Hands hands;

} // namespace bench

// LeakProof: what the process held of goroutines, records, stacks, timers and tracked values when it was
// made, and the proof that it holds no more now.
#pragma once

#include <chrono>
#include <cstddef>

#include <gofer/debug/census.hpp>
#include <gofer/gofer.hpp>

#include "catch.hpp"
#include "tracked.hpp"

namespace fixture {

/// Polls until `holds()` does, giving way to other goroutines; false after a time that only a defect takes.
template <class Predicate>
[[nodiscard]] bool eventually(Predicate holds) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!holds()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        gofer::yield();
    }
    return true;
}

class LeakProof {
public:
    [[nodiscard]] bool clean() const { return Holding{} == before_; }

    /// For a finished `run`: nothing may be left the moment it has returned.
    void require_clean() const {
        const Holding now;
        CHECK(now.goroutines == before_.goroutines);
        CHECK(now.records == before_.records);
        CHECK(now.stacks == before_.stacks);
        CHECK(now.timers == before_.timers);
        CHECK(now.values == before_.values);
    }

    /// For the default runtime, which goes on: its goroutines may still be on their last steps.
    void require_clean_soon() const {
        static_cast<void>(eventually([this] { return clean(); }));
        require_clean();
    }

private:
    struct Holding {
        std::size_t goroutines, records, stacks, timers;
        long values;

        Holding() : Holding{gofer::debug::census()} {}
        template <class Census>
        explicit Holding(const Census& c)
            : goroutines{c.goroutines}, records{c.records}, stacks{c.stacks}, timers{c.timers},
              values{Alive::count} {}
        bool operator==(const Holding&) const = default;
    };

    Holding before_;
};

} // namespace fixture

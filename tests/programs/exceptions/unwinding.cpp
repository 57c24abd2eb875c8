// Parking in a destructor while an exception is on its way: the count of uncaught exceptions has to travel too.
#include <exception>
#include <stdexcept>

#include "crowd.hpp"

using exceptions::Crowd;
using programs::require;
using programs::Scenario;
using programs::Setting;

namespace {

/// Parks in its destructor and looks at the count before and after.
struct ParksAtTheEnd {
    Crowd& crowd;
    int uncaught;

    ParksAtTheEnd(Crowd& c, int n) noexcept : crowd{c}, uncaught{n} {}
    ParksAtTheEnd(const ParksAtTheEnd&) = delete;
    ParksAtTheEnd& operator=(const ParksAtTheEnd&) = delete;
    ~ParksAtTheEnd() {
        require(std::uncaught_exceptions() == uncaught, "the count before the park is the goroutine's own");
        crowd.wait_here_and_move();
        require(std::uncaught_exceptions() == uncaught, "the count after the park is the goroutine's own");
    }
};

const Scenario unwinding{"parked in a destructor during unwinding", [](const Setting& s) {
    Crowd::run(s, [](Crowd& crowd, int i) {
        // Every other one leaves its scope without an exception.
        const bool throws = i % 2 == 0;
        bool caught = false;
        try {
            const ParksAtTheEnd last{crowd, throws ? 1 : 0};
            if (throws) throw std::runtime_error{"on its way"};
        } catch (const std::runtime_error&) {
            caught = true;
        }
        require(caught == throws, "it arrives where it was thrown to");
        require(std::uncaught_exceptions() == 0, "none is left");
    });
}};

/// Throws and catches in its destructor, around a park.
struct ThrowsWithin {
    Crowd& crowd;

    explicit ThrowsWithin(Crowd& c) noexcept : crowd{c} {}
    ThrowsWithin(const ThrowsWithin&) = delete;
    ThrowsWithin& operator=(const ThrowsWithin&) = delete;
    ~ThrowsWithin() {
        try {
            const ParksAtTheEnd inner{crowd, 2};
            throw std::logic_error{"inner"};
        } catch (const std::logic_error&) {
            require(std::uncaught_exceptions() == 1, "the outer one is still on its way");
        }
    }
};

const Scenario both{"parked with two exceptions on their way", [](const Setting& s) {
    Crowd::run(s, [](Crowd& crowd, int) {
        bool caught = false;
        try {
            const ThrowsWithin within{crowd};
            throw std::runtime_error{"outer"};
        } catch (const std::runtime_error&) {
            caught = true;
        }
        require(caught, "the outer one arrives");
    });
}};

} // namespace

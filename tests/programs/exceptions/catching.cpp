// Parking where an exception is caught: the stack of caught exceptions has to travel with the goroutine.
#include <exception>
#include <stdexcept>
#include <string>

#include "crowd.hpp"

using exceptions::Crowd;
using programs::require;
using programs::Scenario;
using programs::Setting;

namespace {

struct Numbered : std::runtime_error {
    explicit Numbered(int n) : std::runtime_error{"number " + std::to_string(n)}, number{n} {}
    int number;
};

const Scenario rethrown{"parked in a catch block, thrown on after a move", [](const Setting& s) {
    Crowd::run(s, [](Crowd& crowd, int i) {
        bool arrived = false;
        try {
            try {
                throw Numbered{i};
            } catch (const Numbered&) {
                crowd.wait_here_and_move();
                throw;
            }
        } catch (const Numbered& e) {
            arrived = e.number == i && e.what() == "number " + std::to_string(i);
        }
        require(arrived, "the goroutine's own exception arrives");
        require(std::current_exception() == nullptr, "no exception is left");
        require(std::uncaught_exceptions() == 0, "none is uncaught");
    });
}};

const Scenario nested{"parked in a catch block within a catch block", [](const Setting& s) {
    Crowd::run(s, [](Crowd& crowd, int i) {
        try {
            throw Numbered{i};
        } catch (const Numbered& outer) {
            try {
                throw Numbered{-i};
            } catch (const Numbered& inner) {
                crowd.wait_here_and_move();
                require(inner.number == -i && outer.number == i, "both are the goroutine's own");
            }
            bool again = false;
            try {
                std::rethrow_exception(std::current_exception());
            } catch (const Numbered& same) {
                again = &same == &outer;
            }
            require(again, "the outer exception is current again");
        }
    });
}};

const Scenario fresh{"started and run while another one handles an exception", [](const Setting& s) {
    gofer::run(s.options(), [] {
        for (int i = 0; i < 1000; ++i) {
            gofer::WaitGroup wg;
            try {
                throw Numbered{i};
            } catch (const Numbered& e) {
                wg.go([] {
                    require(std::current_exception() == nullptr, "a new goroutine handles no exception");
                    gofer::yield();
                    require(std::current_exception() == nullptr, "and none after a yield");
                    require(std::uncaught_exceptions() == 0, "none is on its way");
                });
                wg.wait();
                require(e.number == i, "the exception is still there");
            }
        }
    });
}};

} // namespace

// The plain cases: two goroutines, or a goroutine and the one that started it.
#include <chrono>

#include "unprotected.hpp"

using programs::Scenario;
using programs::Setting;
using races::look;
using races::Rumour;
using races::touch;

namespace {

const Scenario two_writers{"two writers", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        gofer::WaitGroup wg;
        for (int i = 0; i < 2; ++i)
            wg.go([&s] {
                touch();
                s.between();
                touch();
            });
        wg.wait();
    });
}};

const Scenario reader_and_writer{"reader and writer", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        gofer::WaitGroup wg;
        wg.go([&s] {
            s.between();
            touch();
        });
        wg.go([&s] {
            s.between();
            look();
        });
        wg.wait();
    });
}};

// Starting a goroutine orders what came before, not what comes after.
const Scenario spawner_afterwards{"the spawner after the spawn", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        gofer::WaitGroup wg;
        wg.go([] { touch(); });
        s.between();
        touch();
        wg.wait();
    });
}};

const Scenario without_waiting{"the end seen but not waited for", [](const Setting& s) {
    Rumour over;
    gofer::run(s.options(), [&] {
        gofer::go([&] {
            touch();
            s.between();
            over.give();
        });
        over.await();
        touch();
    });
}};

const Scenario sleeping{"a sleep in place of an edge", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        gofer::WaitGroup wg;
        wg.go([&s] {
            touch();
            s.between();
        });
        wg.go([] {
            gofer::sleep_for(std::chrono::milliseconds{20});
            touch();
        });
        wg.wait();
    });
}};

const Scenario spawn_edge{"before the spawn", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        gofer::WaitGroup wg;
        touch();
        s.between();
        wg.go([] { touch(); });
        wg.wait();
    });
}};

const Scenario one_after_the_other{"each waited for before the next", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        for (int i = 0; i < 20; ++i) {
            gofer::WaitGroup wg;
            wg.go([&s] {
                touch();
                s.between();
                touch();
            });
            wg.wait();
        }
    });
}};

const Scenario result_of_run{"the caller of run, before and after", [](const Setting& s) {
    for (int i = 0; i < 3; ++i) {
        touch();
        gofer::run(s.options(), [&s] {
            touch();
            s.between();
        });
        touch();
    }
}};

} // namespace

// Channels: the edges that Go's memory model promises, and the ones that it does not.
#include "unprotected.hpp"

using programs::Scenario;
using programs::Setting;
using races::Rumour;
using races::touch;

namespace {

/// Runs the two as goroutines over a channel of that capacity.
template <class A, class B>
void over_channel(const Setting& s, int capacity, A a, B b) {
    gofer::run(s.options(), [&] {
        const gofer::Channel<int> c(capacity);
        gofer::WaitGroup wg;
        wg.go([&, c] { a(c); });
        wg.go([&, c] { b(c); });
        wg.wait();
    });
}

using Ints = gofer::Channel<int>;

// Planted.

const Scenario after_the_send{"after a buffered send", [](const Setting& s) {
    over_channel(
        s, 1,
        [&s](const Ints& c) {
            c.send(1);
            s.between();
            touch();
        },
        [](const Ints& c) {
            c.receive();
            touch();
        });
}};

// A receive from a buffer that has room left orders nothing for the sender.
const Scenario before_a_buffered_receive{"before a buffered receive", [](const Setting& s) {
    over_channel(
        s, 1,
        [&s](const Ints& c) {
            touch();
            s.between();
            c.receive();
        },
        [](const Ints& c) {
            c.send(1);
            touch();
        });
}};

const Scenario two_channels{"two channels that have nothing to do with each other", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        const Ints one(1), other(1);
        Rumour sent;
        gofer::WaitGroup wg;
        other.send(1);
        wg.go([&] {
            touch();
            s.between();
            one.send(1);
            sent.give();
        });
        wg.go([&] {
            sent.await();
            other.receive();
            touch();
        });
        wg.wait();
    });
}};

// One after the other they take the channel's lock, and that is no edge: nothing came over.
const Scenario fruitless{"a try that finds nothing", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        const Ints c;
        Rumour tried;
        gofer::WaitGroup wg;
        wg.go([&] {
            touch();
            s.between();
            gofer::select(gofer::send(c, 1), gofer::otherwise());
            tried.give();
        });
        wg.go([&] {
            tried.await();
            gofer::select(gofer::recv(c), gofer::otherwise());
            touch();
        });
        wg.wait();
    });
}};

const Scenario two_receivers{"two receivers of one channel", [](const Setting& s) {
    over_channel(
        s, 2,
        [](const Ints& c) {
            c.send(1);
            c.send(2);
            c.receive();
            touch();
        },
        [&s](const Ints& c) {
            c.receive();
            s.between();
            touch();
        });
}};

// Mended.

const Scenario before_a_send{"before a buffered send", [](const Setting& s) {
    over_channel(
        s, 1,
        [&s](const Ints& c) {
            touch();
            s.between();
            c.send(1);
        },
        [](const Ints& c) {
            c.receive();
            touch();
        });
}};

const Scenario before_an_unbuffered_receive{"before an unbuffered receive", [](const Setting& s) {
    over_channel(
        s, 0,
        [&s](const Ints& c) {
            touch();
            s.between();
            c.receive();
        },
        [](const Ints& c) {
            c.send(1);
            touch();
        });
}};

const Scenario ping_pong{"to and fro over an unbuffered channel", [](const Setting& s) {
    over_channel(
        s, 0,
        [&s](const Ints& c) {
            for (int i = 0; i < 50; ++i) {
                touch();
                s.between();
                c.send(1);
                c.receive();
            }
        },
        [](const Ints& c) {
            for (int i = 0; i < 50; ++i) {
                c.receive();
                touch();
                c.send(1);
            }
        });
}};

// The k-th receive comes before the (k+C)-th send completes.
const Scenario counting{"a buffered channel as a lock", [](const Setting& s) {
    const auto locked = [&s](const Ints& c) {
        for (int i = 0; i < 50; ++i) {
            c.send(1);
            touch();
            s.between();
            c.receive();
        }
    };
    over_channel(s, 1, locked, locked);
}};

const Scenario closing{"before a close", [](const Setting& s) {
    over_channel(
        s, 0,
        [&s](const Ints& c) {
            touch();
            s.between();
            c.close();
        },
        [](const Ints& c) {
            programs::require(!c.receive(), "the channel is closed");
            touch();
        });
}};

} // namespace

// The same edges through select, on either side, waiting or not.
#include <chrono>
#include <optional>

#include "unprotected.hpp"

using programs::Scenario;
using programs::Setting;
using races::both;
using races::touch;

namespace {

using Ints = gofer::Channel<int>;

const Scenario received_by_select{"before a send that a select receives", [](const Setting& s) {
    const Ints c, never;
    both(
        s,
        [&] {
            touch();
            s.between();
            c.send(1);
        },
        [&] {
            gofer::select(gofer::recv(never), gofer::recv(c));
            touch();
        });
}};

const Scenario sent_by_select{"before a send by select", [](const Setting& s) {
    const Ints c, never;
    both(
        s,
        [&] {
            touch();
            s.between();
            gofer::select(gofer::recv(never), gofer::send(c, 1));
        },
        [&] {
            c.receive();
            touch();
        });
}};

const Scenario two_selects{"a select on both sides", [](const Setting& s) {
    const Ints there, back;
    both(
        s,
        [&] {
            for (int i = 0; i < 30; ++i) {
                touch();
                s.between();
                gofer::select(gofer::send(there, i), gofer::recv(back));
                gofer::select(gofer::recv(back), gofer::timeout(std::chrono::hours{1}));
            }
        },
        [&] {
            for (int i = 0; i < 30; ++i) {
                gofer::select(gofer::recv(there), gofer::timeout(std::chrono::hours{1}));
                touch();
                gofer::select(gofer::send(back, i), gofer::timeout(std::chrono::hours{1}));
            }
        });
}};

const Scenario future_in_select{"a Future in a select", [](const Setting& s) {
    gofer::run(s.options(), [&s] {
        const Ints never;
        gofer::Future<void> f = gofer::async([&s] {
            touch();
            s.between();
        });
        gofer::select(gofer::recv(never), gofer::recv(f));
        touch();
    });
}};

const Scenario closed_in_select{"a close in a select", [](const Setting& s) {
    const Ints c, never;
    both(
        s,
        [&] {
            touch();
            s.between();
            c.close();
        },
        [&] {
            gofer::select(gofer::recv(never), gofer::recv(c));
            touch();
        });
}};

// Planted: the case that was not chosen is no edge.
const Scenario other_case{"the case of a select that was not chosen", [](const Setting& s) {
    const Ints chosen(1), loser;
    chosen.send(1);
    races::Rumour over;
    both(
        s,
        [&] {
            touch();
            s.between();
            static_cast<void>(loser.try_send(1));
            over.give();
        },
        [&] {
            over.await();
            gofer::select(gofer::recv(loser), gofer::recv(chosen));
            touch();
        });
}};

} // namespace

// select over receives and sends: which case runs, who is woken, and what the losing cases leave behind.
// After the ideas of golang/go test/chan/select3.go, select4.go, select6.go, select7.go and of
// TestSelectDuplicateChannel and TestSelfSelect in src/runtime/chan_test.go.
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("select returns the position of the case that ran") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> never, ready(1);
        for (int i = 0; i < 10; ++i) {
            ready.send(1);
            VERIFY(gofer::select(gofer::recv(never), gofer::recv(ready), gofer::recv(never)) == 1);
            VERIFY(gofer::select(gofer::recv(never), gofer::recv(never), gofer::send(ready, 1)) == 2);
            VERIFY(gofer::select(gofer::recv(ready), gofer::recv(never)) == 0);
        }
    });
}

TEST_CASE("select waits until one of its cases is ready, whichever it is") {
    fixture::at_each_worker_count([] {
        for (std::size_t ready = 0; ready < 3; ++ready) {
            const std::array<gofer::Channel<int>, 3> c;
            std::optional<int> slot;
            gofer::WaitGroup wg;
            wg.go([&] {
                VERIFY(gofer::select(gofer::recv(c[0], slot), gofer::recv(c[1], slot),
                                     gofer::recv(c[2], slot)) == ready);
                VERIFY(slot == 40 + static_cast<int>(ready));
            });
            fixture::parked_reaches(1);
            c[ready].send(40 + static_cast<int>(ready));
            wg.wait();
        }
    });
}

TEST_CASE("a waiting select of sends gives its value to the receiver that comes") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> a, b;
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(gofer::select(gofer::send(a, 1), gofer::send(b, 2)) == 1); });
        fixture::parked_reaches(1);
        VERIFY(b.receive() == 2);
        wg.wait();
        VERIFY(a.try_receive().empty());
    });
}

TEST_CASE("the cases that lost are off their channels when select returns") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> a, b, out;
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(gofer::select(gofer::recv(a), gofer::send(out, 5), gofer::recv(b)) == 2); });
        fixture::parked_reaches(1);
        b.send(1);
        wg.wait();
        VERIFY(!a.try_send(1));
        VERIFY(out.try_receive().empty());
        VERIFY(!b.try_send(1));
    });
}

TEST_CASE("a select that won on one channel steals nothing from others that wait on the rest") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<bool> shared, other, won;
        gofer::WaitGroup wg;
        wg.go([&] { shared.receive(); });
        fixture::parked_reaches(1);
        wg.go([&] {
            VERIFY(gofer::select(gofer::recv(shared), gofer::recv(other)) == 1);
            won.send(true);
            shared.receive();
        });
        fixture::parked_reaches(2);
        other.send(true);
        won.receive();
        shared.send(true);
        shared.send(true);
        wg.wait();
    });
}

TEST_CASE("one channel may stand in several cases") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c, d, e;
        gofer::WaitGroup wg;
        wg.go([&] {
            VERIFY(gofer::select(gofer::recv(c), gofer::recv(c), gofer::recv(d)) == 2);
            e.send(9);
        });
        fixture::parked_reaches(1);
        wg.go([&] { VERIFY(c.receive() == 8); });
        fixture::parked_reaches(2);
        d.send(7);
        VERIFY(e.receive() == 9);
        c.send(8);
        wg.wait();
    });
}

TEST_CASE("select does not meet itself on an unbuffered channel") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        VERIFY(gofer::select(gofer::send(c, 1), gofer::recv(c), gofer::otherwise()) == 2);
        VERIFY(gofer::select(gofer::send(c, 1), gofer::recv(c), gofer::timeout(1ms)) == 2);
    });
    CHECK(fixture::parks_for_ever([] {
        const gofer::Channel<int> c;
        gofer::select(gofer::send(c, 1), gofer::recv(c));
    }));
}

TEST_CASE("two that send and receive on one channel in every select meet each other only") {
    fixture::at_each_worker_count([] {
        for (const int capacity : {0, 10}) {
            const gofer::Channel<int> c(capacity);
            gofer::WaitGroup wg;
            for (int self = 0; self < 2; ++self) {
                wg.go([&, self] {
                    const auto other_sent = [&](std::optional<int> v) { VERIFY(capacity != 0 || v != self); };
                    for (int i = 0; i < 300; ++i) {
                        if (self == 0 || i % 2 == 0)
                            gofer::select(gofer::send(c, self), gofer::recv(c, other_sent));
                        else
                            gofer::select(gofer::recv(c, other_sent), gofer::send(c, self));
                    }
                });
            }
            wg.wait();
        }
    });
}

TEST_CASE("sends and receives meet, as plain operations and as selects of one and of two cases") {
    using Port = gofer::Channel<int>;
    using Operation = void (*)(const Port&);
    const Operation sends[] = {
        [](const Port& c) { c.send(1); }, [](const Port& c) { gofer::select(gofer::send(c, 1)); },
        [](const Port& c) { gofer::select(gofer::send(c, 1), gofer::send(Port{}, 1)); }};
    const Operation receives[] = {[](const Port& c) { VERIFY(c.receive() == 1); },
                                  [](const Port& c) { gofer::select(gofer::recv(c)); },
                                  [](const Port& c) { gofer::select(gofer::recv(c), gofer::recv(Port{})); }};
    fixture::at_each_worker_count([&] {
        for (const Operation send : sends) {
            for (const Operation receive : receives) {
                const Port c;
                gofer::WaitGroup wg;
                wg.go([&] { receive(c); });
                fixture::parked_reaches(1);
                send(c);
                wg.wait();
                wg.go([&] { send(c); });
                fixture::parked_reaches(1);
                receive(c);
                wg.wait();
            }
        }
    });
}

TEST_CASE("what lay in a slot is destroyed with no lock held: it may use the channel") {
    // Gives itself back to the pool it came from.
    struct Connection {
        Connection(int n, const gofer::Channel<Connection>* from) noexcept : id{n}, pool{from} {}
        Connection(Connection&& other) noexcept : id{std::exchange(other.id, -1)}, pool{other.pool} {}
        Connection& operator=(Connection&&) = delete;
        ~Connection() {
            if (id >= 0 && pool) VERIFY(pool->try_send(Connection{std::exchange(id, -1), nullptr}));
        }
        int id;
        const gofer::Channel<Connection>* pool;
    };
    fixture::at_each_worker_count([] {
        const gofer::Channel<Connection> pool(2);
        for (int i = 0; i < 2; ++i) pool.send(Connection{i, nullptr});
        std::optional<Connection> slot;
        for (int i = 0; i < 5; ++i) {
            gofer::select(gofer::recv(pool, slot));
            VERIFY(slot->id == i % 2);
            slot->pool = &pool;
        }
        slot->pool = nullptr;
    });
}

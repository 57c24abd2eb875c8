// A waker may come at the very moment at which one parks: the waiter may be seen only when its registers are saved.
// Wakers lie in wait and strike as soon as they see somebody in the list, and threads are stopped at any instruction.
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/disturbance.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

constexpr int parks = 3000;

/// Locals on both sides of the park, which a goroutine resumed half asleep would find changed.
template <class Park>
void parks_soundly(int i, Park park) {
    volatile int a = i, b = i + 1, c = i + 2;
    park();
    VERIFY(a == i && b == i + 1 && c == i + 2);
}

/// The parking side as a goroutine, the waking side on plain threads that never rest.
template <class Park, class Strike>
void strike_while_parking(Park park, Strike strike) {
    const fixture::Disturbance disturbance;
    fixture::at_each_worker_count([&] {
        std::atomic<bool> over{false};
        std::thread striker{[&] {
            while (!over) strike();
        }};
        gofer::WaitGroup wg;
        wg.go([&] {
            for (int i = 0; i < parks; ++i) parks_soundly(i, park);
        });
        wg.wait();
        over = true;
        striker.join();
    });
}

} // namespace

TEST_CASE("a receiver is struck by a sender at the moment it parks") {
    const gofer::Channel<int> c;
    strike_while_parking([&c] { c.receive(); }, [&c] { static_cast<void>(c.try_send(1)); });
}

TEST_CASE("a sender is struck by a receiver at the moment it parks") {
    const gofer::Channel<int> c;
    strike_while_parking([&c] { c.send(1); }, [&c] { static_cast<void>(c.try_receive()); });
}

TEST_CASE("a select is struck by a sender at the moment it parks") {
    const gofer::Channel<int> c, d;
    strike_while_parking([&] { gofer::select(gofer::recv(c), gofer::recv(d)); },
                         [&] { static_cast<void>(c.try_send(1) || d.try_send(1)); });
}

TEST_CASE("a timed receiver is struck by sender and timer at the moment it parks") {
    const gofer::Channel<int> c;
    strike_while_parking([&c] { static_cast<void>(c.receive_for(1us)); }, [&c] { static_cast<void>(c.try_send(1)); });
}

TEST_CASE("one that sleeps is struck by its timer at the moment it parks") {
    strike_while_parking([] { gofer::sleep_for(1ns); }, [] { std::this_thread::yield(); });
}

TEST_CASE("one that waits for a lock is struck by the unlock at the moment it parks") {
    gofer::Mutex m;
    strike_while_parking(
        [&m] {
            m.lock();
            m.unlock();
        },
        [&m] {
            m.lock();
            m.unlock();
        });
}

TEST_CASE("one that yields is taken by another worker at the moment it yields") {
    const fixture::Disturbance disturbance;
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        for (int g = 0; g < 8; ++g)
            wg.go([] {
                for (int i = 0; i < parks; ++i) parks_soundly(i, gofer::yield);
            });
        wg.wait();
    });
}

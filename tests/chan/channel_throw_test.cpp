// Values whose moves throw: the call whose value it is throws, and the channel goes on with nothing lost or
// doubled.
#include <optional>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

// More moves than a value makes on its longest way; the last rounds then throw nowhere.
constexpr int most_moves = 8;

/// Sends one value whose n-th move throws; tells whether the send threw.
template <class Send>
bool send_refused(Send send, int id, int sound_moves) {
    return fixture::throws<fixture::MoveRefused>([&] { send(fixture::Fragile{id, sound_moves}); });
}

/// Receives until a receive does not throw.
std::optional<fixture::Fragile> receive_stubbornly(const gofer::Channel<fixture::Fragile>& c) {
    for (;;) {
        try {
            return c.receive();
        } catch (const fixture::MoveRefused&) {
            continue;
        }
    }
}

/// The ids that come out of c until it is closed.
std::vector<int> drain(const gofer::Channel<fixture::Fragile>& c) {
    std::vector<int> ids;
    while (auto value = receive_stubbornly(c)) ids.push_back(value->value);
    return ids;
}

/// Sends ids over c, each first with a move that throws, until it was sent.
template <class Send>
void send_all(Send send) {
    for (int id = 0; id < most_moves; ++id) {
        if (send_refused(send, id, id)) VERIFY(!send_refused(send, id, most_moves));
    }
}

void require_each_once(const std::vector<int>& ids) {
    VERIFY(ids.size() == most_moves);
    for (int id = 0; id < static_cast<int>(ids.size()); ++id) VERIFY(ids[static_cast<std::size_t>(id)] == id);
}

} // namespace

TEST_CASE("a move that throws loses and doubles nothing between a sender and a receiver") {
    fixture::at_each_worker_count([] {
        for (const int capacity : {0, 1, 3}) {
            const gofer::Channel<fixture::Fragile> c(capacity);
            gofer::go([c] {
                send_all([&](fixture::Fragile v) { c.send(std::move(v)); });
                c.close();
            });
            require_each_once(drain(c));
        }
    });
}

TEST_CASE("a move that throws loses and doubles nothing when it is a select that sends") {
    fixture::at_each_worker_count([] {
        for (const int capacity : {0, 1, 3}) {
            const gofer::Channel<fixture::Fragile> c(capacity);
            const gofer::Channel<int> never;
            gofer::go([=] {
                send_all([&](fixture::Fragile v) {
                    gofer::select(gofer::recv(never), gofer::send(c, std::move(v)));
                });
                c.close();
            });
            require_each_once(drain(c));
        }
    });
}

TEST_CASE("a move that throws loses and doubles nothing when it is a select that receives") {
    fixture::at_each_worker_count([] {
        for (const int capacity : {0, 1, 3}) {
            const gofer::Channel<fixture::Fragile> c(capacity);
            gofer::go([c] {
                send_all([&](fixture::Fragile v) { c.send(std::move(v)); });
                c.close();
            });
            std::vector<int> ids;
            for (bool open = true; open;) {
                std::optional<fixture::Fragile> slot;
                const bool refused = fixture::throws<fixture::MoveRefused>(
                    [&] { gofer::select(gofer::recv(gofer::Channel<int>(nullptr)), gofer::recv(c, slot)); });
                if (refused) continue;
                if (slot) ids.push_back(slot->value);
                open = slot.has_value();
            }
            require_each_once(ids);
        }
    });
}

TEST_CASE("a send whose move throws leaves the waiting receiver waiting") {
    fixture::at_each_worker_count([] {
        for (int sound_moves = 0; sound_moves < most_moves; ++sound_moves) {
            const gofer::Channel<fixture::Fragile> c;
            gofer::WaitGroup wg;
            int got = 0;
            wg.go([&] {
                const auto value = receive_stubbornly(c);
                got = value->value;
            });
            fixture::parked_reaches(1);
            const auto send = [&](fixture::Fragile v) { c.send(std::move(v)); };
            const bool refused = send_refused(send, 1, sound_moves);
            if (refused) VERIFY(!send_refused(send, 2, most_moves));
            wg.wait();
            VERIFY(got == (refused ? 2 : 1));
        }
    });
}

TEST_CASE("a value whose try_send throws stays with the caller") {
    const gofer::Channel<fixture::Fragile> c(1);
    fixture::Fragile value{5, 0};
    CHECK_THROWS_AS(c.try_send(std::move(value)), fixture::MoveRefused);
    CHECK(value.value == 5);
    CHECK(c.size() == 0);
    CHECK(c.try_send(std::move(value)));
    CHECK(c.receive()->value == 5);
}

TEST_CASE("a buffered value whose receive throws stays in the channel") {
    for (int sound_moves = 0; sound_moves < most_moves; ++sound_moves) {
        const long before = fixture::Alive::count;
        {
            const gofer::Channel<fixture::Fragile> c(2);
            if (send_refused([&](fixture::Fragile v) { c.send(std::move(v)); }, 1, sound_moves)) continue;
            c.send(fixture::Fragile{2, most_moves});
            CHECK(receive_stubbornly(c)->value == 1);
            CHECK(receive_stubbornly(c)->value == 2);
            CHECK(c.size() == 0);
        }
        CHECK(fixture::Alive::count == before);
    }
}

namespace {

/// Moves freely, and refuses to be copied: as a std::vector does that finds no memory.
struct Uncopyable {
    explicit Uncopyable(int n, bool refuses_copies = true) noexcept : value{n}, refuses{refuses_copies} {}
    Uncopyable(Uncopyable&&) noexcept = default;
    Uncopyable& operator=(Uncopyable&&) noexcept = default;
    Uncopyable(const Uncopyable& other) : value{other.value}, refuses{other.refuses} {
        if (refuses) throw fixture::MoveRefused();
    }
    Uncopyable& operator=(const Uncopyable&) = delete;

    int value;
    bool refuses;
};

} // namespace

TEST_CASE("a copy that throws leaves the receiver where it was, and it gets the next value") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<Uncopyable> c;
        int received = 0;
        gofer::WaitGroup wg;
        wg.go([&, c] { received = c.receive()->value; });
        fixture::parked_reaches(1);
        const Uncopyable refused{1}, sound{2, false};
        VERIFY(fixture::throws<fixture::MoveRefused>([&] { static_cast<void>(c.try_send(refused)); }));
        while (!c.try_send(sound)) gofer::yield();
        wg.wait();
        VERIFY(received == 2);
    });
}

TEST_CASE("a copy that throws is thrown by the select that sends, and the receiver gets what is there") {
    fixture::at_each_worker_count([] {
        for (const int capacity : {0, 1}) {
            const gofer::Channel<Uncopyable> c(capacity);
            if (capacity > 0) c.send(Uncopyable{7, false});
            bool threw = false;
            gofer::WaitGroup wg;
            wg.go([&, c] {
                const Uncopyable refused{1};
                threw = fixture::throws<fixture::MoveRefused>([&] { gofer::select(gofer::send(c, refused)); });
                c.send(Uncopyable{8, false});
            });
            fixture::parked_reaches(1);
            if (capacity > 0) VERIFY(c.receive()->value == 7);
            VERIFY(c.receive()->value == 8);
            wg.wait();
            VERIFY(threw);
        }
    });
}

// select and closed channels: a receive is ready with nothing, a send is ready and throws.
// After the ideas of golang/go test/chan/select3.go.
#include <memory>
#include <optional>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

TEST_CASE("a receive case on a closed channel is ready and gets nullopt") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c, never;
        c.close();
        std::optional<int> slot = 5;
        VERIFY(gofer::select(gofer::recv(never), gofer::recv(c, slot)) == 1);
        VERIFY(!slot.has_value());
        bool called = false;
        gofer::select(gofer::recv(c, [&](std::optional<int> v) { called = !v.has_value(); }));
        VERIFY(called);
    });
}

TEST_CASE("a send case on a closed channel is ready, throws when chosen, and keeps its value") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::unique_ptr<int>> c(1);
        const gofer::Channel<int> never;
        c.close();
        auto value = std::make_unique<int>(1);
        VERIFY(fixture::throws<gofer::ChannelClosed>(
            [&] { gofer::select(gofer::recv(never), gofer::send(c, std::move(value))); }));
        VERIFY(value != nullptr);
    });
}

TEST_CASE("a send case on a closed channel goes before otherwise") {
    const gofer::Channel<int> c;
    c.close();
    CHECK_THROWS_AS(gofer::select(gofer::send(c, 1), gofer::otherwise()), gofer::ChannelClosed);
}

TEST_CASE("close wakes a select that waits to receive") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c, never;
        gofer::WaitGroup wg;
        for (int i = 0; i < 10; ++i) {
            wg.go([&] {
                std::optional<int> slot = 1;
                VERIFY(gofer::select(gofer::recv(never), gofer::recv(c, slot)) == 1);
                VERIFY(!slot.has_value());
            });
        }
        fixture::parked_reaches(10);
        c.close();
        wg.wait();
        VERIFY(!never.try_send(1));
    });
}

TEST_CASE("close wakes a select that waits to send with ChannelClosed") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c, never;
        gofer::WaitGroup wg;
        for (int i = 0; i < 10; ++i) {
            wg.go([&] {
                VERIFY(fixture::throws<gofer::ChannelClosed>(
                    [&] { gofer::select(gofer::recv(never), gofer::send(c, 1)); }));
            });
        }
        fixture::parked_reaches(10);
        c.close();
        wg.wait();
        VERIFY(!never.try_send(1));
    });
}

TEST_CASE("a channel that stands twice in a select and is closed wakes it once") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        int handled = 0;
        wg.go([&] {
            const std::size_t chosen =
                gofer::select(gofer::recv(c, [&] { ++handled; }), gofer::recv(c, [&] { ++handled; }));
            VERIFY(chosen < 2);
        });
        fixture::parked_reaches(1);
        c.close();
        wg.wait();
        VERIFY(handled == 1);
    });
}

TEST_CASE("what is left in a closed channel comes out of a select before nullopt") {
    const gofer::Channel<int> c(3);
    for (int i = 0; i < 3; ++i) c.send(i);
    c.close();
    for (int i = 0; i < 3; ++i) gofer::select(gofer::recv(c, [i](std::optional<int> v) { CHECK(v == i); }));
    gofer::select(gofer::recv(c, [](std::optional<int> v) { CHECK_FALSE(v.has_value()); }));
}

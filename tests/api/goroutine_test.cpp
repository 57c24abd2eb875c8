// this_goroutine: id, name, inside.
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <thread>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace this_goroutine = gofer::this_goroutine;

TEST_CASE("outside of goroutines the id is 0 and inside is false") {
    CHECK(this_goroutine::id() == 0);
    CHECK_FALSE(this_goroutine::inside());
    std::thread{[] {
        VERIFY(this_goroutine::id() == 0);
        VERIFY(!this_goroutine::inside());
    }}.join();
    fixture::require_no_failures();
}

TEST_CASE("inside a goroutine, the main one too, the id is not 0 and inside is true") {
    fixture::at_each_worker_count([] {
        VERIFY(this_goroutine::inside());
        VERIFY(this_goroutine::id() != 0);
        gofer::WaitGroup wg;
        wg.go([] {
            VERIFY(this_goroutine::inside());
            VERIFY(this_goroutine::id() != 0);
        });
        wg.wait();
    });
    CHECK(this_goroutine::id() == 0);
}

TEST_CASE("an id is one goroutine's alone, also when it uses the stack of one that ended") {
    fixture::at_each_worker_count([] {
        constexpr int many = 300;
        const gofer::Channel<std::uint64_t> ids(many);
        gofer::WaitGroup wg;
        for (int i = 0; i < many; ++i) wg.go([ids] { ids.send(this_goroutine::id()); });
        wg.wait();
        ids.close();
        std::set<std::uint64_t> seen{this_goroutine::id()};
        for (const std::uint64_t id : ids) VERIFY(seen.insert(id).second);
        VERIFY(seen.size() == many + 1);
    });
}

TEST_CASE("a goroutine keeps its id across everything that blocks") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        for (int i = 0; i < 20; ++i) {
            wg.go([c] {
                const std::uint64_t id = this_goroutine::id();
                gofer::yield();
                VERIFY(this_goroutine::id() == id);
                gofer::sleep_for(std::chrono::microseconds{50});
                VERIFY(this_goroutine::id() == id);
                c.receive();
                VERIFY(this_goroutine::id() == id);
            });
        }
        for (int i = 0; i < 20; ++i) c.send(i);
        wg.wait();
    });
}

TEST_CASE("a name is given by the options or by set_name, and is one goroutine's own") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<gofer::Unit> turn;
        gofer::WaitGroup wg;
        wg.go({.name = "reader"}, [turn] {
            VERIFY(this_goroutine::name() == "reader");
            turn.receive();
            VERIFY(this_goroutine::name() == "reader");
        });
        wg.go([turn] {
            VERIFY(this_goroutine::name().empty());
            this_goroutine::set_name("writer");
            turn.send({});
            VERIFY(this_goroutine::name() == "writer");
        });
        wg.wait();
    });
}

TEST_CASE("a goroutine does not inherit the name of one that ended before it") {
    fixture::at_each_worker_count([] {
        for (int i = 0; i < 50; ++i) {
            gofer::WaitGroup wg;
            wg.go({.name = "first"}, [] {});
            wg.wait();
            wg.go([] { VERIFY(this_goroutine::name().empty()); });
            wg.wait();
        }
    });
}

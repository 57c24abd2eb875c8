// yield, and the turns that ready goroutines get on one worker.
#include <atomic>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

TEST_CASE("one that yields lets every ready goroutine on its worker have a turn") {
    auto on_one_worker = [] {
        std::atomic<bool> stop{false};
        std::atomic<int> turns[3]{};
        gofer::WaitGroup wg;
        for (auto& mine : turns) {
            wg.go([&] {
                while (!stop) {
                    ++mine;
                    gofer::yield();
                }
            });
        }
        VERIFY(fixture::eventually([&] { return turns[0] > 100 && turns[1] > 100 && turns[2] > 100; }));
        stop = true;
        wg.wait();
    };
    fixture::at_workers(1, on_one_worker);
}

TEST_CASE("a pair that wakes each other cannot keep a third from running on their worker") {
    auto on_one_worker = [] {
        std::atomic<bool> third_ran{false};
        const gofer::Channel<int> ping, pong;
        gofer::WaitGroup wg;
        wg.go([=] {
            for (int v : ping) pong.send(v);
        });
        wg.go([&] {
            while (!third_ran) {
                ping.send(1);
                pong.receive();
            }
            ping.close();
        });
        fixture::parked_reaches(1);
        wg.go([&] { third_ran = true; });
        wg.wait();
    };
    fixture::at_workers(1, on_one_worker);
}

// WaitGroup::go: add, go and done in one.
// After the ideas of TestWaitGroupGo in golang/go src/sync/waitgroup_test.go.
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

TEST_CASE("wait waits for all that was started with go") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        std::atomic<int> ran{0};
        for (int i = 0; i < 500; ++i) wg.go([&] { ++ran; });
        wg.wait();
        VERIFY(ran == 500);
    });
}

TEST_CASE("go hands its arguments on: copied, moved, or by reference when asked to") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        int sum = 0;
        auto owned = std::make_unique<int>(5);
        wg.go([](int& total, std::unique_ptr<int> p, int n) { total = *p + n; }, std::ref(sum),
              std::move(owned), 7);
        wg.wait();
        VERIFY(sum == 12);
        VERIFY(owned == nullptr);
    });
}

TEST_CASE("go takes options first") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        std::string name;
        wg.go(
            {.name = "reader", .stack_size = 1 << 20}, [&](int) { name = gofer::this_goroutine::name(); }, 1);
        wg.wait();
        VERIFY(name == "reader");
    });
}

TEST_CASE("a goroutine of a group may start others in it") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        std::atomic<int> leaves{0};
        const std::function<void(int)> spread = [&](int depth) {
            if (depth == 0) {
                ++leaves;
                return;
            }
            wg.go(spread, depth - 1);
            wg.go(spread, depth - 1);
        };
        wg.go(spread, 8);
        wg.wait();
        VERIFY(leaves == 256);
    });
}

TEST_CASE("a goroutine's closure and arguments are destroyed before wait returns") {
    fixture::at_each_worker_count([] {
        std::atomic<bool> closure_dead{false}, argument_dead{false};
        gofer::WaitGroup wg;
        wg.go([held = fixture::SlowToDie{closure_dead}](const fixture::SlowToDie&) {},
              fixture::SlowToDie{argument_dead});
        wg.wait();
        VERIFY(closure_dead);
        VERIFY(argument_dead);
    });
}

TEST_CASE("a goroutine that parked has its closure destroyed before wait returns, too") {
    fixture::at_each_worker_count([] {
        std::atomic<bool> dead{false};
        const gofer::Channel<int> c;
        gofer::WaitGroup wg;
        wg.go([c, held = fixture::SlowToDie{dead}] { c.receive(); });
        fixture::parked_reaches(1);
        c.send(1);
        wg.wait();
        VERIFY(dead);
    });
}

TEST_CASE("a recursion with a WaitGroup in every frame is right") {
    struct Fib {
        static int of(int n) {
            if (n < 2) return n;
            int left = 0;
            gofer::WaitGroup wg;
            wg.go([&left, n] { left = of(n - 1); });
            const int right = of(n - 2);
            wg.wait();
            return left + right;
        }
    };
    fixture::at_each_worker_count([] { VERIFY(Fib::of(14) == 377); });
}

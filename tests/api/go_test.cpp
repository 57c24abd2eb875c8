// go: what it starts, with which arguments and options, and how they are kept and given back.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/hop.hpp"

namespace {

void send_sum(gofer::Sender<int> out, int a, int b) { out.send(a + b); }

struct Account {
    int balance{0};
    void deposit(int amount, gofer::Sender<int> done) {
        balance += amount;
        done.send(balance);
    }
};

} // namespace

TEST_CASE("go starts functions, lambdas, members and callables that can only be moved") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::go(send_sum, c, 1, 2);
        VERIFY(c.receive() == 3);
        gofer::go([c] { c.send(4); });
        VERIFY(c.receive() == 4);
        Account account;
        gofer::go(&Account::deposit, &account, 5, c);
        VERIFY(c.receive() == 5);
        gofer::go([c, p = std::make_unique<int>(6)] { c.send(*p); });
        VERIFY(c.receive() == 6);
        gofer::go(std::function<void()>{[c] { c.send(7); }});
        VERIFY(c.receive() == 7);
    });
}

TEST_CASE("go copies its arguments when it is called, as std::thread does") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::string> c;
        {
            std::string text = "before";
            gofer::go([c](const std::string& s) { c.send(s); }, text);
            text = "after";
        }
        VERIFY(c.receive() == "before");
        const char array[] = "array";
        gofer::go([c](const char* s) { c.send(s); }, array);
        VERIFY(c.receive() == "array");
    });
}

TEST_CASE("go moves what can only be moved, and keeps references in std::ref") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        int sum = 0;
        wg.add();
        gofer::go(
            [](std::unique_ptr<int> p, int& out, gofer::WaitGroup& group) {
                out = *p;
                group.done();
            },
            std::make_unique<int>(9), std::ref(sum), std::ref(wg));
        wg.wait();
        VERIFY(sum == 9);
    });
}

TEST_CASE("a goroutine ignores what its function returns") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        gofer::go([c] {
            c.send(1);
            return std::make_unique<int>(2);
        });
        VERIFY(c.receive() == 1);
    });
}

TEST_CASE("the name in the options is copied") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::string> c;
        {
            std::string name = "a name too long for any small buffer to hold it";
            gofer::go({.name = name}, [c] { c.send(gofer::this_goroutine::name()); });
            name.assign(name.size(), 'x');
        }
        VERIFY(c.receive() == "a name too long for any small buffer to hold it");
    });
}

TEST_CASE("a goroutine that asked for a large stack has it") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        const std::function<int(int)> deep = [&deep](int n) {
            volatile char frame[4096];
            frame[0] = 1;
            return n == 0 ? 0 : frame[0] + deep(n - 1);
        };
        wg.go({.name = "deep", .stack_size = 4 << 20}, [&] { VERIFY(deep(500) == 500); });
        wg.wait();
    });
}

TEST_CASE("a stack of more than 2 TB is refused by std::invalid_argument, and the function is not called") {
    fixture::at_each_worker_count([] {
        const gofer::GoOptions options{.name = "huge", .stack_size = SIZE_MAX};
        VERIFY(fixture::throws<std::invalid_argument>([&] { gofer::go(options, [] { VERIFY(false); }); }));
        gofer::WaitGroup wg;
        VERIFY(fixture::throws<std::invalid_argument>([&] { wg.go(options, [] { VERIFY(false); }); }));
        wg.wait();
        gofer::ErrGroup group;
        group.set_limit(1);
        VERIFY(fixture::throws<std::invalid_argument>([&] { group.go(options, [] { VERIFY(false); }); }));
        VERIFY(group.try_go([] {}));
        group.wait();
    });
}

TEST_CASE("large closures and strictly aligned ones arrive whole") {
    struct alignas(64) Wide {
        std::array<int, 512> numbers{};
    };
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        Wide wide;
        for (std::size_t i = 0; i < wide.numbers.size(); ++i) wide.numbers[i] = static_cast<int>(i);
        for (int g = 0; g < 20; ++g) {
            wg.go([wide] {
                VERIFY(reinterpret_cast<std::uintptr_t>(&wide) % 64 == 0);
                gofer::yield();
                for (std::size_t i = 0; i < wide.numbers.size(); ++i)
                    VERIFY(wide.numbers[i] == static_cast<int>(i));
            });
        }
        wg.wait();
    });
}

TEST_CASE("go on a plain thread starts a goroutine of the default runtime") {
    fixture::on_a_plain_thread([] {
        const gofer::Channel<bool> inside;
        gofer::go([inside] { inside.send(gofer::this_goroutine::inside()); });
        VERIFY(inside.receive() == true);
        VERIFY(!gofer::this_goroutine::inside());
    });
}

TEST_CASE("two goroutines that wait for each other both run, on one worker too") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> ping, pong;
        gofer::go([=] {
            for (int v : ping) pong.send(v + 1);
            pong.close();
        });
        int ball = 0;
        for (int i = 0; i < 500; ++i) {
            ping.send(ball);
            ball = pong.receive().value();
        }
        ping.close();
        VERIFY(ball == 500);
        VERIFY(!pong.receive().has_value());
    });
}

TEST_CASE("every goroutine runs exactly once, hundreds started by each of four") {
    fixture::at_each_worker_count([] {
        constexpr int starters = 4, each = 250;
        std::array<std::atomic<int>, starters * each> runs{};
        gofer::WaitGroup wg;
        for (int s = 0; s < starters; ++s) {
            wg.go([&, s] {
                for (int i = 0; i < each; ++i)
                    wg.go([&runs, k = s * each + i] { ++runs[static_cast<std::size_t>(k)]; });
            });
        }
        wg.wait();
        for (const auto& times : runs) VERIFY(times == 1);
    });
}

TEST_CASE("a closure may park while it is copied: go goes on with the worker it has come to") {
    static std::atomic<std::uint64_t> spawned;
    struct Hops {
        Hops() = default;
        Hops(const Hops&) {
            fixture::hop();
            spawned = gofer::sched::this_worker()->spawned.get();
        }
        Hops& operator=(const Hops&) = delete;
        void operator()() const {}
    };
    gofer::run(fixture::with_workers(2), [] {
        for (int i = 0; i < 20; ++i) {
            gofer::WaitGroup wg;
            wg.add();
            gofer::go([hops = Hops{}, &wg] { wg.done(); });
            VERIFY(gofer::sched::this_worker()->spawned.get() == spawned + 1);
            wg.wait();
        }
    });
    fixture::require_no_failures();
}

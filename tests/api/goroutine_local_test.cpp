// GoroutineLocal: each goroutine has a value of its own, which follows it and goes with it.
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/tracked.hpp"

namespace {

constinit gofer::GoroutineLocal<int> global;

/// Calls a function when it is destroyed.
template <class F>
struct AtEnd {
    F f;
    explicit AtEnd(F at_end) : f(std::move(at_end)) {}
    AtEnd(AtEnd&&) = delete;
    ~AtEnd() { f(); }
};

/// A variable whose values call f when they are destroyed.
template <class F>
auto local_that_ends(F f) {
    return gofer::GoroutineLocal<AtEnd<F>>{[f] { return AtEnd<F>{f}; }};
}

} // namespace

TEST_CASE("each goroutine has its own value, which follows it from worker to worker") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        for (int i = 1; i <= 50; ++i)
            wg.go([i] {
                VERIFY(*global == 0);
                int& mine = *global;
                for (int turn = 0; turn < 20; ++turn) {
                    *global += i;
                    gofer::yield();
                    VERIFY(&mine == &global.get());
                }
                VERIFY(mine == 20 * i);
            });
        wg.wait();
        VERIFY(*global == 0);
    });
}

TEST_CASE("the factory makes the value at its first use, once a goroutine") {
    fixture::at_each_worker_count([] {
        std::atomic<int> made{0};
        const gofer::GoroutineLocal<std::string> name{[&made] { return std::to_string(++made); }};
        VERIFY(made == 0);
        gofer::WaitGroup wg;
        for (int i = 0; i < 10; ++i)
            wg.go([&name] {
                const std::string mine = *name;
                gofer::yield();
                VERIFY(*name == mine);
                VERIFY(!name->empty());
            });
        wg.go([] {});
        wg.wait();
        VERIFY(made == 10);
    });
}

TEST_CASE("types that cannot move, and factories that cannot be copied") {
    fixture::at_each_worker_count([] {
        const gofer::GoroutineLocal<std::atomic<int>> still;
        const gofer::GoroutineLocal<std::atomic<int>> made{
            [seven = std::make_unique<int>(7)] { return std::atomic<int>(*seven); }};
        VERIFY(++*still == 1);
        VERIFY(++*made == 8);
    });
}

TEST_CASE("values are gone, in the reverse order of their making, when the WaitGroup says so") {
    fixture::at_each_worker_count([] {
        std::vector<int> log;
        const auto first = local_that_ends([&log] { log.push_back(1); });
        const auto second = local_that_ends([&log] { log.push_back(2); });
        const auto third = local_that_ends([&log] { log.push_back(3); });
        gofer::WaitGroup wg;
        wg.go([&, closure = std::make_unique<AtEnd<std::function<void()>>>([&log] { log.push_back(0); })] {
            third.get();
            first.get();
            second.get();
        });
        wg.wait();
        VERIFY(log == std::vector<int>{0, 2, 1, 3});
    });
}

TEST_CASE("values are gone when a Future is ready, with a result and with an exception") {
    fixture::at_each_worker_count([] {
        std::atomic<int> ended{0};
        const auto local = local_that_ends([&ended] {
            for (int i = 0; i < 10; ++i) gofer::yield();
            ++ended;
        });
        gofer::async([&] { local.get(); }).get();
        VERIFY(ended == 1);
        VERIFY(gofer::async([&] { return local.get(), 5; }).get() == 5);
        VERIFY(ended == 2);
        auto failing = gofer::async([&] {
            local.get();
            throw std::runtime_error{"lost"};
        });
        VERIFY(fixture::throws<std::runtime_error>([&] { failing.get(); }));
        VERIFY(ended == 3);
    });
}

TEST_CASE("values of an ErrGroup's goroutines are gone when it says so") {
    fixture::at_each_worker_count([] {
        const long before = fixture::Alive::count;
        const gofer::GoroutineLocal<fixture::Tracked> local{[] { return fixture::Tracked{1}; }};
        gofer::ErrGroup g;
        for (int i = 0; i < 5; ++i) g.go([&] { local.get(); });
        g.wait();
        VERIFY(fixture::Alive::count == before);
    });
}

TEST_CASE("values of the main goroutine are gone when run returns, and those of a plain go in time, too") {
    std::atomic<int> ended{0};
    const auto local = local_that_ends([&ended] { ++ended; });
    gofer::run(fixture::with_workers(2), [&] {
        local.get();
        gofer::go([&] { local.get(); });
    });
    CHECK(ended == 2);
}

TEST_CASE("a destructor may use values that are there, and those that are gone by then") {
    fixture::at_each_worker_count([] {
        std::vector<std::string> log;
        const gofer::GoroutineLocal<std::string> text{[] { return std::string{"new"}; }};
        const auto old = local_that_ends([&] { log.push_back("old " + *text); });
        const auto young = local_that_ends([&] { log.push_back("young " + *text); });
        gofer::WaitGroup wg;
        wg.go([&] {
            old.get();
            *text = "used";
            young.get();
        });
        wg.wait();
        VERIFY(log == std::vector<std::string>{"young used", "old new"});
    });
}

TEST_CASE("a destructor may look its own value up, block, and start goroutines") {
    fixture::at_each_worker_count([] {
        std::atomic<bool> done{false};
        struct Curious {
            gofer::GoroutineLocal<Curious>* self = nullptr;
            std::atomic<bool>* done = nullptr;
            ~Curious() {
                VERIFY(&self->get() == this);
                const gofer::Channel<int> answer;
                gofer::go([answer] { answer.send(1); });
                VERIFY(answer.receive() == 1);
                VERIFY(&self->get() == this);
                *done = true;
            }
        };
        gofer::GoroutineLocal<Curious> curious;
        gofer::WaitGroup wg;
        wg.go([&] {
            curious->self = &curious;
            curious->done = &done;
        });
        wg.wait();
        VERIFY(done);
    });
}

TEST_CASE("a factory that throws leaves no value, and the next use tries again") {
    fixture::at_each_worker_count([] {
        bool fails = true;
        const gofer::GoroutineLocal<int> local{[&fails] {
            if (std::exchange(fails, false)) throw std::runtime_error{"not yet"};
            return 3;
        }};
        VERIFY(fixture::throws<std::runtime_error>([&] { local.get(); }));
        VERIFY(*local == 3);
    });
}

TEST_CASE("a factory may block, use other variables, and even its own") {
    fixture::at_each_worker_count([] {
        const gofer::GoroutineLocal<int> other{[] { return 20; }};
        int depth = 0;
        std::optional<gofer::GoroutineLocal<int>> local;
        local.emplace([&] {
            for (int i = 0; i < 5; ++i) gofer::yield();
            return ++depth == 1 ? **local + 1000 : *other + 1;
        });
        VERIFY(**local == 21);
        VERIFY(depth == 2);
    });
}

TEST_CASE("a goroutine that lives on does not pile up values of variables that are gone") {
    fixture::at_each_worker_count([] {
        const long before = fixture::Alive::count;
        for (int i = 0; i < 1000; ++i) {
            const gofer::GoroutineLocal<fixture::Tracked> mine{[] { return fixture::Tracked{1}; }};
            mine.get();
        }
        VERIFY(fixture::Alive::count == before);
        const gofer::Channel<std::shared_ptr<gofer::GoroutineLocal<fixture::Tracked>>> variables;
        gofer::WaitGroup wg;
        wg.go([&] {
            for (auto variable : variables) {
                variable->get();
                VERIFY(fixture::Alive::count <= before + 2);
            }
        });
        for (int i = 0; i < 1000; ++i)
            variables.send(std::make_shared<gofer::GoroutineLocal<fixture::Tracked>>([] { return fixture::Tracked{1}; }));
        variables.close();
        wg.wait();
        VERIFY(fixture::Alive::count == before);
    });
}

TEST_CASE("a value outlives its variable where that goes in another goroutine") {
    fixture::at_each_worker_count([] {
        const long before = fixture::Alive::count;
        auto variable = std::make_unique<gofer::GoroutineLocal<fixture::Tracked>>([] { return fixture::Tracked{4}; });
        const gofer::Channel<gofer::Unit> made, gone;
        gofer::WaitGroup wg;
        wg.go([&] {
            const fixture::Tracked& mine = variable->get();
            made.send({});
            gone.receive();
            VERIFY(mine.value == 4);
        });
        made.receive();
        variable.reset();
        gone.send({});
        wg.wait();
        VERIFY(fixture::Alive::count == before);
    });
}

TEST_CASE("a plain thread has its own value, which goes with the thread") {
    *global = 5;
    std::atomic<int> ended{0};
    const auto local = local_that_ends([&ended] { ++ended; });
    std::thread{[&] {
        CHECK(*global == 0);
        *global = 6;
        local.get();
        gofer::run([] { VERIFY(*global == 0); });
        CHECK(*global == 6);
        CHECK(ended == 0);
    }}.join();
    CHECK(ended == 1);
    CHECK(*global == 5);
    *global = 0;
    fixture::require_no_failures();
}

TEST_CASE("a thread_local's destructor may use a GoroutineLocal, before and after the thread's values are gone") {
    static std::atomic<int> ended;
    static const auto local = local_that_ends([] { ++ended; });
    struct Late {
        ~Late() { local.get(); }
    };
    ended = 0;
    std::thread{[] {
        static thread_local Late before; // destroyed after the values
        const volatile Late* touch = &before;
        static_cast<void>(touch);
        local.get();
        static thread_local Late after;
        touch = &after;
    }}.join();
    CHECK(ended == 2);
}

TEST_CASE("values of an abandoned goroutine are not touched") {
    struct Untouchable {
        Untouchable() = default;
        Untouchable(Untouchable&&) = delete;
        ~Untouchable() { VERIFY(false); }
    };
    static gofer::GoroutineLocal<Untouchable> local;
    CHECK(fixture::parks_for_ever([] {
        local.get();
        gofer::Channel<int>(nullptr).receive();
    }));
}

TEST_CASE("a name and values live side by side") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        wg.go({.name = "first"}, [] {
            *global = 1;
            VERIFY(gofer::this_goroutine::name() == "first");
        });
        wg.go([] {
            *global = 2;
            gofer::this_goroutine::set_name("second");
            VERIFY(*global == 2);
            VERIFY(gofer::this_goroutine::name() == "second");
        });
        wg.wait();
    });
}

TEST_CASE("many goroutines make values of many variables at once") {
    fixture::at_each_worker_count([] {
        const long before = fixture::Alive::count;
        std::vector<std::unique_ptr<gofer::GoroutineLocal<fixture::Tracked>>> variables;
        for (int i = 0; i < 40; ++i)
            variables.push_back(std::make_unique<gofer::GoroutineLocal<fixture::Tracked>>([] { return fixture::Tracked{0}; }));
        gofer::WaitGroup wg;
        for (int g = 0; g < 100; ++g)
            wg.go([&variables, g] {
                for (std::size_t i = static_cast<std::size_t>(g) % 7; i < variables.size(); i += 3)
                    variables[i]->get().value = g;
                gofer::yield();
                for (std::size_t i = static_cast<std::size_t>(g) % 7; i < variables.size(); i += 3)
                    VERIFY(variables[i]->get().value == g);
            });
        wg.wait();
        VERIFY(fixture::Alive::count == before);
    });
}

TEST_CASE("blocking code has the value of its goroutine") {
    fixture::at_each_worker_count([] {
        gofer::WaitGroup wg;
        wg.go([] {
            *global = 5;
            gofer::blocking([] { ++*global; });
            VERIFY(*global == 6);
        });
        wg.wait();
    });
}

TEST_CASE("a value whose destructor destroys its own variable goes once") {
    struct Session {
        gofer::GoroutineLocal<std::shared_ptr<Session>> current;
        fixture::Alive alive{};
    };
    fixture::at_each_worker_count([] {
        const long before = fixture::Alive::count;
        gofer::WaitGroup wg;
        wg.go([] {
            const auto session = std::make_shared<Session>();
            *session->current = session;
        });
        wg.wait();
        VERIFY(fixture::Alive::count == before);
    });
}

TEST_CASE("a value of a variable that is gone may use the one that has its number now, as it makes way and as it ends") {
    static std::atomic<gofer::GoroutineLocal<std::string>*> logger;
    struct Writer {
        std::string name = "a name that is long enough to be on the heap";
        Writer() = default;
        Writer(const Writer&) = delete;
        Writer& operator=(const Writer&) = delete;
        ~Writer() {
            if (logger) **logger += name;
        }
    };
    fixture::at_each_worker_count([] {
        for (const bool makes_way : {false, true}) {
            logger = nullptr;
            auto writers = std::make_unique<gofer::GoroutineLocal<Writer>>();
            const gofer::Channel<int> used, on;
            std::string text;
            gofer::WaitGroup wg;
            wg.go([&, makes_way] {
                static_cast<void>((*writers)->name.size());
                used.send(1);
                on.receive();
                if (!makes_way) return; // or at this goroutine's end
                **logger += " and more";
                text = **logger;
            });
            used.receive();
            writers.reset(); // the goroutine keeps its value
            gofer::GoroutineLocal<std::string> successor;
            *successor = "takes the number";
            logger = &successor;
            on.send(1);
            wg.wait();
            logger = nullptr;
            VERIFY(!makes_way || text == "a name that is long enough to be on the heap and more");
        }
    });
}

// A select whose cases are chosen at run time: a span of SelectCase, each of which owns its value and may be
// used again.
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

namespace {

/// A container of its own kind.
struct Tree : std::vector<Tree> {};

} // namespace

TEST_CASE("a vector of cases selects as the same cases written out do") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> never, ready(1);
        std::optional<int> slot;
        std::vector<gofer::SelectCase> cases;
        cases.push_back(gofer::recv(never));
        cases.push_back(gofer::recv(ready, slot));
        cases.push_back(gofer::timeout(1h));
        ready.send(3);
        VERIFY(gofer::select(cases) == 1);
        VERIFY(slot == 3);
    });
}

TEST_CASE("an array and a part of a vector select too") {
    const gofer::Channel<int> c(1);
    std::array<gofer::SelectCase, 2> two{gofer::recv(c), gofer::otherwise()};
    CHECK(gofer::select(two) == 1);
    std::vector<gofer::SelectCase> cases;
    cases.emplace_back(gofer::otherwise());
    cases.emplace_back(gofer::send(c, 5));
    CHECK(gofer::select(std::span{cases}.subspan(1)) == 0);
    CHECK(c.receive() == 5);
}

TEST_CASE("cases may be used again, also after their select waited") {
    fixture::at_each_worker_count([] {
        const std::array<gofer::Channel<int>, 5> c;
        std::vector<gofer::SelectCase> cases;
        int sum = 0;
        for (const auto& each : c)
            cases.push_back(gofer::recv(each, [&](std::optional<int> v) { sum += *v; }));
        gofer::go([c] {
            for (int i = 0; i < 100; ++i) c[static_cast<std::size_t>(i % 5)].send(i);
        });
        for (int i = 0; i < 100; ++i) VERIFY(gofer::select(cases) == static_cast<std::size_t>(i % 5));
        VERIFY(sum == 99 * 100 / 2);
    });
}

TEST_CASE("a stored case owns its value: a copyable one is copied at each choice") {
    const gofer::Channel<fixture::Tracked> c(2);
    std::vector<gofer::SelectCase> cases;
    {
        const fixture::Tracked value{4};
        cases.push_back(gofer::send(c, value));
    }
    CHECK(gofer::select(cases) == 0);
    CHECK(gofer::select(cases) == 0);
    CHECK(c.receive()->value == 4);
    CHECK(c.receive()->value == 4);
}

TEST_CASE("a stored case of a move-only value leaves a nil case when it was chosen") {
    const gofer::Channel<std::unique_ptr<int>> c(2);
    std::vector<gofer::SelectCase> cases;
    cases.push_back(gofer::send(c, std::make_unique<int>(6)));
    cases.push_back(gofer::otherwise());
    CHECK(gofer::select(cases) == 0);
    CHECK(gofer::select(cases) == 1);
    CHECK(c.size() == 1);
    CHECK(**c.receive() == 6);
}

TEST_CASE("a stored case of a container takes its elements' word for whether it can be copied") {
    const auto times_chosen = [](auto value) {
        const gofer::Channel<decltype(value)> c(2);
        std::vector<gofer::SelectCase> cases;
        cases.push_back(gofer::send(c, std::move(value)));
        cases.push_back(gofer::otherwise());
        return (gofer::select(cases) == 0 ? 1 : 0) + (gofer::select(cases) == 0 ? 1 : 0);
    };
    using Owner = std::unique_ptr<int>;
    CHECK(times_chosen(std::vector<int>{1}) == 2);
    CHECK(times_chosen(std::map<int, std::vector<int>>{}) == 2);
    CHECK(times_chosen(Tree{}) == 2);
    CHECK(times_chosen(std::vector<Owner>{}) == 1);
    CHECK(times_chosen(std::map<int, std::vector<Owner>>{}) == 1);
    CHECK(times_chosen(std::tuple<int, std::vector<Owner>>{}) == 1);
}

TEST_CASE("a stored case of a move-only value keeps it while others are chosen") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::unique_ptr<int>> c;
        std::vector<gofer::SelectCase> cases;
        cases.push_back(gofer::send(c, std::make_unique<int>(6)));
        cases.push_back(gofer::timeout(100us));
        VERIFY(gofer::select(cases) == 1);
        cases.pop_back();
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(**c.receive() == 6); });
        VERIFY(gofer::select(cases) == 0);
        wg.wait();
    });
}

TEST_CASE("a stored case keeps its channel alive") {
    std::vector<gofer::SelectCase> cases;
    {
        const gofer::Channel<int> c(1);
        c.send(8);
        cases.push_back(gofer::recv(c, [](std::optional<int> v) { CHECK(v == 8); }));
    }
    CHECK(gofer::select(cases) == 0);
}

TEST_CASE("a SelectCase moves with its value") {
    const gofer::Channel<std::unique_ptr<int>> c(1);
    gofer::SelectCase first = gofer::send(c, std::make_unique<int>(2));
    gofer::SelectCase second = std::move(first);
    CHECK(gofer::select(std::span{&second, 1}) == 0);
    CHECK(**c.receive() == 2);
}

TEST_CASE("a SelectCase made of nothing, or moved from, is a nil case") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c(2);
        std::vector<gofer::SelectCase> cases(3);
        cases[1] = gofer::send(c, 7);
        VERIFY(gofer::select(cases) == 1);
        gofer::SelectCase taken = std::move(cases[1]);
        cases.push_back(gofer::timeout(1us));
        VERIFY(gofer::select(cases) == 3);
        VERIFY(gofer::select(taken) == 0);
        VERIFY(c.size() == 2);
    });
}

TEST_CASE("a select over SelectCases made of nothing blocks for ever") {
    CHECK(fixture::parks_for_ever([] {
        std::array<gofer::SelectCase, 2> none;
        gofer::select(none);
    }));
}

TEST_CASE("values in stored cases are destroyed with them") {
    const long before = fixture::Alive::count;
    const gofer::Channel<fixture::Lone> c;
    std::vector<gofer::SelectCase> cases;
    for (int i = 0; i < 10; ++i) cases.push_back(gofer::send(c, fixture::Lone{i}));
    CHECK(fixture::Alive::count == before + 10);
    cases.clear();
    CHECK(fixture::Alive::count == before);
}

TEST_CASE("many cases at once: each of a hundred channels is heard") {
    fixture::at_each_worker_count([] {
        const std::vector<gofer::Channel<int>> c = [] {
            std::vector<gofer::Channel<int>> made;
            for (int i = 0; i < 100; ++i) made.emplace_back();
            return made;
        }();
        for (int i = 0; i < 100; ++i) gofer::go([each = c[static_cast<std::size_t>(i)], i] { each.send(i); });
        std::vector<gofer::SelectCase> cases;
        std::vector<int> heard(100);
        for (const auto& each : c) {
            cases.push_back(
                gofer::recv(each, [&](std::optional<int> v) { ++heard[static_cast<std::size_t>(*v)]; }));
        }
        for (int i = 0; i < 100; ++i) gofer::select(cases);
        for (const int times : heard) VERIFY(times == 1);
    });
}

TEST_CASE("no cases at run time block for ever") {
    CHECK(fixture::parks_for_ever([] {
        std::vector<gofer::SelectCase> none;
        gofer::select(none);
    }));
}

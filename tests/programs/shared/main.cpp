// Two shared objects that know nothing of each other's symbols, and one runtime for both and for the program.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "../support/scenario.hpp"
#include "sides.hpp"

using programs::require;
using programs::Scenario;
using programs::Setting;

namespace {

int count_threads(const std::string& wanted) {
    int count = 0;
    for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
        std::string name;
        std::getline(std::ifstream{task.path() / "comm"}, name);
        count += name == wanted;
    }
    return count;
}

/// A thread names itself when it first runs, which may be after the work is done, and has its parent's name until then.
bool there_is_one(const std::string& name) {
    for (int tries = 0; tries < 5000 && count_threads(name) != 1; ++tries)
        gofer::sleep_for(std::chrono::milliseconds{1});
    return count_threads(name) == 1;
}

const Scenario one_runtime{"one default runtime", [](const Setting& s) {
    const void* own = &gofer::Runtime::current();
    require(north::Side::runtime() == own && south::Side::runtime() == own, "all see the same runtime");
    gofer::WaitGroup wg;
    wg.go([own] {
        const auto id = gofer::this_goroutine::id();
        require(id != 0 && north::Side::id() == id && south::Side::id() == id, "all see the same goroutine");
        require(north::Side::runtime() == own && south::Side::runtime() == own, "in a goroutine too");
    });
    wg.wait();
    for (unsigned i = 0; i < s.workers; ++i)
        require(there_is_one("gofer-" + std::to_string(i)), "one set of workers");
    require(there_is_one("gofer-monitor"), "one monitor");
}};

const Scenario own_runtime{"the runtime of run", [](const Setting& s) {
    gofer::run(s.options(), [] {
        const void* own = &gofer::Runtime::current();
        require(north::Side::runtime() == own && south::Side::runtime() == own, "all see the same runtime");
        const gofer::Channel<int> c;
        north::Side::produce(c, 1000);
        require(south::Side::sum(c).get() == 499500, "the sum is right");
    });
}};

const Scenario one_channel{"one channel between them", [](const Setting&) {
    for (const int capacity : {0, 3}) {
        const gofer::Channel<int> there(capacity), back(capacity);
        north::Side::produce(there, 10000);
        auto sum = south::Side::sum(there);
        require(sum.get() == 49995000, "what north sends arrives in south");
        south::Side::produce(back, 100);
        long own = 0;
        for (int v : back) own += v;
        require(own == 4950, "what south sends arrives here");
    }
}};

const Scenario closed{"ChannelClosed from the one caught in the other", [](const Setting&) {
    const gofer::Channel<int> c;
    c.close();
    require(north::Side::catches_closed(&south::Side::send_once, c), "north catches what south throws");
    require(south::Side::catches_closed(&north::Side::send_once, c), "south catches what north throws");
    require(north::Side::catches_closed([](const gofer::Channel<int>& ch) { ch.send(1); }, c), "and ours");
}};

const Scenario one_mutex{"one mutex between them", [](const Setting&) {
    gofer::Mutex m;
    long counter = 0;
    gofer::WaitGroup wg;
    for (int i = 0; i < 4; ++i) {
        wg.go([&] { north::Side::lock_and_count(m, counter); });
        wg.go([&] { south::Side::lock_and_count(m, counter); });
    }
    wg.wait();
    require(counter == 8000, "every step was counted");
}};

const Scenario ids{"ids are unique", [](const Setting&) {
    const gofer::Channel<std::uint64_t> collected;
    const gofer::Channel<int> gate;
    constexpr int each = 400;
    for (int i = 0; i < each; ++i) {
        north::Side::collect_id(collected, gate);
        south::Side::collect_id(collected, gate);
        gofer::go([collected, gate] {
            collected.send(gofer::this_goroutine::id());
            gate.receive();
        });
    }
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 3 * each; ++i) require(seen.insert(*collected.receive()).second, "no id comes twice");
    gate.close();
}};

// A goroutine's stack may have been fetched by the code of either side.
const Scenario counted{"all stacks are known", [](const Setting&) {
    const gofer::Channel<std::uint64_t> collected;
    const gofer::Channel<int> gate;
    constexpr std::uint64_t each = 200;
    for (std::uint64_t i = 0; i < each; ++i) {
        north::Side::collect_id(collected, gate);
        south::Side::collect_id(collected, gate);
    }
    for (std::uint64_t i = 0; i < 2 * each; ++i) collected.receive();
    for (int tries = 0; gofer::Runtime::current().stats().parked < 2 * each; ++tries) {
        require(tries < 5000, "all of them are seen parked");
        gofer::sleep_for(std::chrono::milliseconds{1});
    }
    gate.close();
}};

const Scenario leaked{"a leak", [](const Setting& s) {
    gofer::run(s.options(), [] {
        const gofer::Channel<std::uint64_t> collected;
        const gofer::Channel<int> gate;
        north::Side::collect_id(collected, gate);
        south::Side::collect_id(collected, gate);
        for (int i = 0; i < 2; ++i) collected.receive();
    });
}};

const Scenario north_overflow{"overflow in north", [](const Setting&) { north::Side::recurse(); }};
const Scenario south_overflow{"overflow in south", [](const Setting&) { south::Side::recurse(); }};
const Scenario overflow_after_other{"overflow in south after work in north", [](const Setting& s) {
    gofer::run(s.options(), [] {
        const gofer::Channel<int> c;
        north::Side::produce(c, 100);
        require(north::Side::sum(c).get() == 4950, "the sum is right");
        south::Side::recurse();
    });
}};
const Scenario north_fails{"exception in north", [](const Setting&) { north::Side::fail(); }};
const Scenario south_fails{"exception in south", [](const Setting&) { south::Side::fail(); }};

} // namespace

int main(int argc, char** argv) {
    return Scenario::main(argc, argv);
}

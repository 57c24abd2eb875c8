// The tests' own instruments: they must see what they are there to see.
#include <chrono>
#include <optional>
#include <string>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

gofer::RuntimeOptions impatient() {
    auto options = fixture::with_workers(2);
    options.shutdown_grace = std::chrono::milliseconds{1};
    return options;
}

} // namespace

TEST_CASE("the leak proof is clean after a run that left nothing") {
    const fixture::LeakProof proof;
    gofer::run(fixture::with_workers(2), [] {
        const gofer::Channel<fixture::Lone> c(1);
        gofer::go([c] { c.send(fixture::Lone{1}); });
        c.receive();
    });
    CHECK(proof.clean());
}

TEST_CASE("the leak proof sees a goroutine that was abandoned, and what it holds") {
    const fixture::LeakProof proof;
    gofer::run(impatient(), [] {
        const gofer::Channel<int> never;
        gofer::go([never, held = fixture::Lone{1}] { never.receive(); });
        fixture::parked_reaches(1);
    });
    CHECK_FALSE(proof.clean());
    fixture::require_no_failures();
}

TEST_CASE("the leak proof sees a goroutine that runs, a timer that is armed and a value that lives") {
    const fixture::LeakProof proof;
    const gofer::Channel<gofer::Unit> end;
    gofer::WaitGroup wg;
    wg.go([end] { static_cast<void>(end.receive_for(std::chrono::hours{1})); });
    CHECK_FALSE(proof.clean());
    CHECK(fixture::eventually([] { return gofer::debug::census().timers == 1; }));
    CHECK(gofer::debug::census().stacks >= 1);
    CHECK(gofer::debug::census().goroutines >= 1);
    end.close();
    wg.wait();
    proof.require_clean_soon();
    std::optional<fixture::Tracked> value{fixture::Tracked{1}};
    CHECK_FALSE(proof.clean());
    value.reset();
    CHECK(proof.clean());
}

TEST_CASE("a VERIFY that does not hold is told with its place, from whatever goroutine") {
    gofer::run([] {
        gofer::WaitGroup wg;
        for (int i = 0; i < 3; ++i) wg.go([i] { VERIFY(i != 1); });
        wg.wait();
    });
    const std::string told = fixture::Verdict::instance().take();
    CHECK(told.find("i != 1") != std::string::npos);
    CHECK(told.find("fixture_test.cpp") != std::string::npos);
    CHECK(fixture::Verdict::instance().take().empty());
}

TEST_CASE("a call that returns does not park for ever, be it at once or after a wait") {
    const std::chrono::minutes moment{1}; // on a slow machine it takes its time to return
    CHECK_FALSE(fixture::parks_for_ever([] {}, moment));
    CHECK_FALSE(fixture::parks_for_ever(
        [] {
            const gofer::Channel<int> c;
            gofer::go([c] { c.send(1); });
            c.receive();
        },
        moment));
}

// Where Leaks::unwind stops: what is abandoned instead, and what must not happen on the way.
#include <atomic>
#include <chrono>
#include <csignal>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/dies.hpp"
#include "../support/unwinding.hpp"

using namespace std::chrono_literals;

namespace {

/// What a goroutine that is abandoned refers to: it stays until the process ends, and a leak checker sees it.
template <class T, class... Args>
T& forever(Args&&... args) {
    static auto& kept = *new std::vector<std::unique_ptr<T>>;
    return *kept.emplace_back(std::make_unique<T>(std::forward<Args>(args)...));
}

/// Whether a goroutine that calls f(never) is abandoned at its end, with `stays` among what is not destroyed.
template <class F>
void stays(F f) {
    for (const unsigned workers : fixture::worker_counts) {
        auto& exits = forever<fixture::Exits>();
        gofer::run(fixture::unwinding(workers), [&] {
            gofer::go([&exits, f] {
                const gofer::Defer left{[&] { ++exits.destroyed; }};
                ++exits.entered;
                f(gofer::Channel<int>{});
                ++exits.returned;
            });
            fixture::parked_reaches(1);
        });
        CHECK(exits.entered == 1);
        CHECK(exits.destroyed == 0);
        CHECK(exits.returned == 0);
    }
}

struct ReceivesWhenDestroyed {
    gofer::Channel<int> c;
    ~ReceivesWhenDestroyed() { c.receive(); }
};

template <class Future>
bool is_broken(Future&& future) {
    try {
        std::forward<Future>(future).get();
    } catch (const std::future_error& e) {
        return e.code() == std::future_errc::broken_promise;
    }
    return false;
}

template <class Predicate>
bool soon(Predicate holds) {
    return fixture::eventually(std::move(holds));
}

} // namespace

TEST_CASE("one that is parked with an exception in flight is abandoned") {
    stays([](const gofer::Channel<int>& never) {
        try {
            const ReceivesWhenDestroyed local{never};
            throw std::runtime_error{"in flight"};
        } catch (const std::runtime_error&) {
        }
    });
}

TEST_CASE("one that is parked in a destructor is abandoned there") {
    stays([](const gofer::Channel<int>& never) { const ReceivesWhenDestroyed local{never}; });
}

TEST_CASE("one that is parked in a noexcept function is abandoned there") {
    stays([](const gofer::Channel<int>& never) { [&]() noexcept { never.receive(); }(); });
}

TEST_CASE("one that is parked in a function that Defer calls is abandoned there") {
    stays([](const gofer::Channel<int>& never) { const gofer::Defer later{[&] { never.receive(); }}; });
}

TEST_CASE("one that is parked in the destructor of an ErrGroup is abandoned there, and its group is whole") {
    auto& release = forever<std::atomic<bool>>(false);
    stays([&release](const gofer::Channel<int>&) {
        gofer::ErrGroup group;
        gofer::Mutex held;
        held.lock();
        group.go([&] {
            gofer::blocking([&release] {
                while (!release) std::this_thread::sleep_for(1ms);
            });
        });
    });
    release = true;
}

TEST_CASE("one that has to block while it is unwound is abandoned there") {
    for (const unsigned workers : fixture::worker_counts) {
        auto& outer = forever<std::atomic<bool>>(false);
        auto& inner = forever<std::atomic<bool>>(false);
        gofer::run(fixture::unwinding(workers), [&] {
            const gofer::Channel<int> never;
            gofer::go([&, never] {
                const gofer::Defer last{[&] { outer = true; }};
                const ReceivesWhenDestroyed blocks{never};
                const gofer::Defer first{[&] { inner = true; }};
                never.receive();
            });
            fixture::parked_reaches(1);
        });
        CHECK(inner);
        CHECK(!outer);
    }
}

TEST_CASE("one that swallows Unwind runs on, and is abandoned where it blocks again") {
    for (const unsigned workers : fixture::worker_counts) {
        auto& swallowed = forever<std::atomic<bool>>(false);
        auto& exits = forever<fixture::Exits>();
        gofer::run(fixture::unwinding(workers), [&] {
            const gofer::Channel<int> never;
            gofer::go([&, never] {
                const gofer::Defer left{[&] { ++exits.destroyed; }};
                try {
                    never.receive();
                } catch (...) {
                    swallowed = true;
                }
                never.receive();
                ++exits.returned;
            });
            fixture::parked_reaches(1);
        });
        CHECK(swallowed);
        CHECK(exits.destroyed == 0);
        CHECK(exits.returned == 0);
    }
}

TEST_CASE("one that swallows Unwind and ends has ended") {
    fixture::unwound_and_clean([] {
        const gofer::Channel<int> never;
        gofer::go([never, held = fixture::Tracked{1}] {
            try {
                never.receive();
            } catch (const gofer::Unwind&) {
            }
        });
        fixture::parked_reaches(1);
    });
}

TEST_CASE("a catch block that rethrows lets Unwind pass, and may use what does not block") {
    const auto exits = std::make_shared<fixture::Exits>();
    fixture::unwound_and_clean([&] {
        const gofer::Channel<int> never, room(1);
        fixture::go_counted(exits, [=] {
            try {
                never.receive();
            } catch (...) {
                room.send(1);
                static_cast<void>(room.receive());
                gofer::yield();
                throw;
            }
        });
        fixture::parked_reaches(1);
    });
    CHECK(exits->destroyed == 4);
    CHECK(exits->returned == 0);
}

TEST_CASE("one that is parked in a catch block is unwound") {
    const auto exits = std::make_shared<fixture::Exits>();
    fixture::unwound_and_clean([&] {
        const gofer::Channel<int> never;
        fixture::go_counted(exits, [=] {
            try {
                throw std::runtime_error{"caught"};
            } catch (const std::runtime_error&) {
                never.receive();
            }
        });
        fixture::parked_reaches(1);
    });
    CHECK(exits->destroyed == 4);
}

TEST_CASE("go in an unwinding destructor destroys its closure unrun") {
    std::atomic<int> ran{0};
    fixture::unwound_and_clean([&ran] {
        const gofer::Channel<int> never;
        gofer::go([&ran, never] {
            gofer::WaitGroup wg;
            const gofer::Defer later{[&] {
                gofer::go([&ran, held = fixture::Tracked{1}] { ++ran; });
                wg.go([&ran, held = fixture::Tracked{2}] { ++ran; });
                wg.wait();
                auto future = gofer::async([&ran, held = fixture::Tracked{3}] { ++ran; });
                VERIFY(future.ready() && is_broken(future));
            }};
            never.receive();
        });
        fixture::parked_reaches(1);
    });
    CHECK(ran == 0);
}

TEST_CASE("an exception that leaves an unwound goroutine is printed, and the process goes on") {
    const auto death = fixture::death_of([] {
        std::atomic<int> next{0};
        gofer::run(fixture::unwinding(2), [&next] {
            const gofer::Channel<int> never;
            gofer::go([never, &next] {
                const gofer::Defer left{[&next] { ++next; }};
                never.receive();
            });
            gofer::go({.name = "translator"}, [never, &next] {
                const gofer::Defer left{[&next] { ++next; }};
                try {
                    never.receive();
                } catch (...) {
                    throw std::runtime_error{"another one"};
                }
            });
            fixture::parked_reaches(2);
        });
        gofer::base::say("%d left, and alive\n", next.load());
    });
    INFO(death.message);
    CHECK(death.signal == 0);
    CHECK(death.says("an exception left goroutine"));
    CHECK(death.says("translator"));
    CHECK(death.says("another one"));
    CHECK(death.says("2 left, and alive"));
}

TEST_CASE("a throwing destructor is as fatal while unwinding as ever") {
    const auto death = fixture::death_of([] {
        gofer::run(fixture::unwinding(1), [] {
            const gofer::Channel<int> never;
            gofer::go([never] {
                const gofer::Defer throws{[] { throw std::runtime_error{"in a destructor"}; }};
                never.receive();
            });
            fixture::parked_reaches(1);
        });
    });
    CHECK(death.signal == SIGABRT);
}

TEST_CASE("one whose destructor throws while another exception is handled is no less fatal") {
    const auto death = fixture::death_of([] {
        gofer::run(fixture::unwinding(1), [] {
            const gofer::Channel<int> never;
            gofer::go([never] {
                try {
                    throw 1;
                } catch (int) {
                    const gofer::Defer throws{[] { throw std::runtime_error{"in a destructor"}; }};
                    never.receive();
                }
            });
            fixture::parked_reaches(1);
        });
    });
    CHECK(death.signal == SIGABRT);
}

TEST_CASE("one that is parked in a noexcept function in a catch block is abandoned there") {
    stays([](const gofer::Channel<int>& never) {
        try {
            throw 1;
        } catch (int) {
            [&]() noexcept {
                const std::string local(100, 'x');
                never.receive();
            }();
        }
    });
}

TEST_CASE("the terminate handler is the user's again afterwards") {
    const auto before = std::get_terminate();
    stays([](const gofer::Channel<int>& never) { [&]() noexcept { never.receive(); }(); });
    CHECK(std::get_terminate() == before);
}

TEST_CASE("goroutines that never ran are destroyed unrun, and those who wait for them are told") {
    for (const unsigned workers : fixture::worker_counts) {
        std::atomic<int> ran{0};
        const auto wg = std::make_shared<gofer::WaitGroup>();
        std::vector<gofer::Future<void>> futures;
        // Of processor time, which the others cannot have before the one who starts them has had his.
        const auto work = [&ran, held = fixture::Tracked{1}] {
            ++ran;
            fixture::compute_for(1'000'000);
        };
        const fixture::LeakProof proof;
        constexpr int count = 3000;
        auto options = fixture::unwinding(workers);
        options.shutdown_grace = 0ms;
        gofer::run(options, [&] {
            for (int i = 0; i < count; ++i) {
                gofer::go(work);
                wg->go(work);
                futures.push_back(gofer::async(work));
            }
        });
        CHECK(ran < 3 * count);
        wg->wait();
        int broken = 0;
        for (auto& f : futures) broken += is_broken(f);
        CHECK(broken > 0);
        futures.clear();
        proof.require_clean_soon();
    }
}

TEST_CASE("those who wait for an unwound goroutine are told when it is gone") {
    for (const unsigned workers : fixture::worker_counts) {
        const fixture::LeakProof proof;
        const auto wg = std::make_shared<gofer::WaitGroup>();
        std::atomic<bool> dead{false};
        gofer::Future<int> future;
        gofer::run(fixture::unwinding(workers), [&] {
            const gofer::Channel<int> never;
            wg->go([never, slow = fixture::SlowToDie{dead}] { never.receive(); });
            future = gofer::async([never, held = fixture::Tracked{1}] { return never.receive().value(); });
            fixture::parked_reaches(2);
        });
        CHECK(dead);
        wg->wait();
        CHECK(is_broken(future));
        proof.require_clean_soon();
    }
}

TEST_CASE("an ErrGroup is unwound with all of its goroutines") {
    const auto exits = std::make_shared<fixture::Exits>();
    fixture::unwound_and_clean([&] {
        const gofer::Channel<int> never;
        fixture::go_counted(exits, [=] {
            gofer::ErrGroup group(gofer::Context{});
            group.set_limit(4);
            for (int i = 0; i < 5; ++i)
                group.go([=, held = fixture::Tracked{i}] {
                    const fixture::Tracked local{i};
                    never.receive();
                });
        });
        fixture::parked_reaches(5);
    });
    CHECK(exits->entered == 4);
    CHECK(exits->destroyed == 4);
    CHECK(exits->returned == 0);
}

TEST_CASE("GoroutineLocal values of an unwound goroutine are destroyed") {
    fixture::unwound_and_clean([] {
        static gofer::GoroutineLocal<std::unique_ptr<fixture::Tracked>> local{
            [] { return std::make_unique<fixture::Tracked>(1); }};
        const gofer::Channel<int> never;
        for (int i = 0; i < 10; ++i)
            gofer::go([never] {
                static_cast<void>(*local);
                never.receive();
            });
        fixture::parked_reaches(10);
    });
}

TEST_CASE("a GoroutineLocal value whose destructor blocks keeps its goroutine") {
    static auto& local = forever<gofer::GoroutineLocal<ReceivesWhenDestroyed>>();
    for (const unsigned workers : fixture::worker_counts)
        gofer::run(fixture::unwinding(workers), [] {
            const gofer::Channel<int> never;
            gofer::go([never] {
                static_cast<void>(*local);
                never.receive();
            });
            fixture::parked_reaches(1);
        });
}

TEST_CASE("one that waits for an inner run is abandoned, and the inner run goes on") {
    const gofer::Channel<int> question, answer;
    auto& returned = forever<std::atomic<bool>>(false);
    gofer::run(fixture::unwinding(2), [&] {
        gofer::go([&returned, question, answer] {
            gofer::run(fixture::with_workers(1), [=] {
                for (const int v : question) answer.send(v + 1);
            });
            returned = true;
        });
        question.send(1);
        VERIFY(answer.receive() == 2);
        fixture::parked_reaches(1);
    });
    question.send(2);
    CHECK(answer.receive() == 3);
    question.close();
    CHECK(!returned);
}

TEST_CASE("one that sits in blocking past the grace is not unwound") {
    auto& inside = forever<std::atomic<bool>>(false);
    auto& release = forever<std::atomic<bool>>(false);
    auto& through = forever<std::atomic<bool>>(false);
    auto& resumed = forever<std::atomic<bool>>(false);
    gofer::run(fixture::unwinding(2), [&] {
        gofer::go([&] {
            const gofer::Defer left{[&] { resumed = true; }};
            gofer::blocking([&] {
                inside = true;
                while (!release) std::this_thread::yield();
                through = true;
            });
        });
        static_cast<void>(soon([&] { return inside.load(); }));
    });
    release = true;
    CHECK(soon([&] { return through.load(); }));
    CHECK(!resumed);
}

TEST_CASE("others are unwound beside one that computes on, which parks for ever later") {
    for (const unsigned workers : fixture::worker_counts) {
        auto& release = forever<std::atomic<bool>>(false);
        auto& computing = forever<std::atomic<bool>>(false);
        auto& later = forever<std::atomic<bool>>(false);
        const auto exits = std::make_shared<fixture::Exits>();
        gofer::Future<void> future;
        gofer::run(fixture::unwinding(workers), [&] {
            const gofer::Channel<int> never;
            for (int i = 0; i < 8; ++i) fixture::go_counted(exits, [never] { never.receive(); });
            fixture::parked_reaches(8);
            future = gofer::async([&] {
                computing = true;
                while (!release) std::this_thread::yield();
                gofer::sleep_for(1ns);
                later = true;
            });
            static_cast<void>(soon([&] { return computing.load(); }));
        });
        CHECK(exits->destroyed == 8);
        CHECK(!future.ready());
        release = true;
        CHECK(is_broken(future));
        CHECK(!later);
    }
}

TEST_CASE("others are unwound beside one that somebody has woken and that arrives nowhere") {
    const auto exits = std::make_shared<fixture::Exits>();
    std::atomic<gofer::task::Goroutine*> late{nullptr};
    gofer::run(fixture::unwinding(2), [&] {
        const gofer::Channel<int> never;
        for (int i = 0; i < 8; ++i) fixture::go_counted(exits, [never] { never.receive(); });
        fixture::parked_reaches(8);
        gofer::go([&late, never] {
            late = gofer::sched::this_goroutine_record();
            never.receive();
        });
        fixture::parked_reaches(9);
        VERIFY(soon([&] { return !late.load()->running; }));
        late.load()->state = gofer::task::State::runnable; // as by a waker that the system keeps waiting
    });
    fixture::require_no_failures();
    CHECK(exits->destroyed == 8);
    late.load()->state = gofer::task::State::parked;
}

TEST_CASE("run ends although a destructor never does") {
    auto& release = forever<std::atomic<bool>>(false);
    auto& after = forever<std::atomic<bool>>(false);
    auto& older = forever<std::atomic<bool>>(false);
    gofer::Future<void> future;
    gofer::run(fixture::unwinding(2), [&] {
        const gofer::Channel<int> never;
        future = gofer::async([&, never] {
            const gofer::Defer left{[&] { older = true; }};
            never.receive();
        });
        fixture::parked_reaches(1);
        gofer::go([&, never] {
            const gofer::Defer computes{[&] {
                while (!release) std::this_thread::yield();
                after = true;
            }};
            never.receive();
        });
        fixture::parked_reaches(2);
    });
    CHECK(!older);
    CHECK(is_broken(future));
    release = true;
    CHECK(soon([&] { return after.load(); }));
    CHECK(!older);
}

TEST_CASE("run inside a goroutine unwinds what its own goroutines left") {
    fixture::at_each_worker_count([] {
        const auto exits = std::make_shared<fixture::Exits>();
        gofer::run(fixture::unwinding(2), [&] {
            const gofer::Channel<int> never;
            for (int i = 0; i < 5; ++i) fixture::go_counted(exits, [never] { never.receive(); });
            fixture::parked_reaches(5);
        });
        VERIFY(exits->destroyed == 5);
    });
}

TEST_CASE("two runtimes unwind at the same time") {
    const auto exits = std::make_shared<fixture::Exits>();
    const fixture::LeakProof proof;
    auto round = [&] {
        for (int i = 0; i < 10; ++i)
            gofer::run(fixture::unwinding(2), [&] {
                const gofer::Channel<int> never;
                for (int g = 0; g < 20; ++g) fixture::go_counted(exits, [never] { never.receive(); });
                fixture::parked_reaches(20);
            });
    };
    std::thread other{round};
    round();
    other.join();
    fixture::require_no_failures();
    CHECK(exits->destroyed == 400);
    proof.require_clean_soon();
}

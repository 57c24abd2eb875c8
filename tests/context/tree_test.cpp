// Large trees of contexts: each is visited once, none needs the stack, and what is over leaves no memory behind.
#include <atomic>
#include <chrono>
#include <deque>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/memory.hpp"

using gofer::CancelFunc;
using gofer::Context;
using gofer::with_cancel;
using gofer::context::Scope;

namespace {

constexpr int many = gofer::base::asan_build || gofer::base::tsan_build ? 20'000 : 100'000;

/// A scope that counts how often a wave deals with one.
class Counted final : public Scope {
public:
    explicit Counted(const Context& above) noexcept : Scope(above.node()) {}
    static Context below(const Context& parent) {
        auto* scope = new Counted(parent);
        const Context ctx(scope);
        gofer::context::Wave::join(*scope);
        return ctx;
    }
    static inline std::atomic<int> visits{0};

private:
    ~Counted() override = default;
    void disarm() noexcept override { ++visits; }
};

/// Cancels a tree of `n` contexts, each made under the one that `parent_of` picks, and counts the visits.
template <class ParentOf>
int visits_when_cancelled(int n, ParentOf parent_of) {
    auto [root, cancel] = with_cancel(Context());
    std::vector<Context> tree{root};
    for (int i = 0; i < n; ++i) tree.push_back(Counted::below(tree[parent_of(tree.size())]));
    Counted::visits = 0;
    cancel();
    int ended = 0;
    for (const Context& ctx : tree) ended += ctx.cancelled();
    CHECK(ended == n + 1);
    return Counted::visits;
}

} // namespace

TEST_CASE("cancelling visits each context of a star, a chain and a binary tree once") {
    CHECK(visits_when_cancelled(many, [](std::size_t) { return std::size_t{0}; }) == many);
    CHECK(visits_when_cancelled(many, [](std::size_t size) { return size - 1; }) == many);
    CHECK(visits_when_cancelled(many, [](std::size_t size) { return size / 2; }) == many);
}

TEST_CASE("a chain of contexts is cancelled and dropped on the small stack of a goroutine") {
    gofer::run(fixture::with_workers(2), [] {
        gofer::WaitGroup wg;
        gofer::GoOptions small;
        small.stack_size = 16 * 1024;
        wg.go(small, [] {
            std::deque<gofer::WithCancel> chain;
            chain.push_back(with_cancel(Context::background()));
            while (chain.size() < static_cast<std::size_t>(many)) chain.push_back(with_cancel(chain.back().ctx));
            Context last = chain.back().ctx;
            chain.front().cancel();
            VERIFY(last.cancelled());
            chain.clear();
            last = Context();
        });
        wg.wait();
    });
    fixture::require_no_failures();
}

TEST_CASE("a hundred thousand short children leave nothing in a parent that lives for ever") {
    gofer::run(fixture::with_workers(2), [] {
        auto [parent, cancel_parent] = with_cancel(Context::background());
        auto churn = [&, parent = parent](int n) {
            for (int i = 0; i < n; ++i) {
                auto [ended, cancel] = with_cancel(parent);
                auto [dropped, cancel_dropped] = gofer::with_timeout(ended, std::chrono::hours{1});
                after_func(dropped, [] {})();
                dropped.done();
                if (i % 2) cancel();
            }
        };
        churn(1'000);
        const std::size_t before = fixture::allocated_bytes();
        churn(many);
        VERIFY(fixture::grew_less_than(64 * 1024, before));
    });
    fixture::require_no_failures();
}

TEST_CASE("contexts whose handles are gone leave nothing behind, with no call of theirs") {
    auto [parent, cancel] = with_cancel(Context());
    std::stop_source source;
    auto churn = [&, parent = parent](int n) {
        for (int i = 0; i < n; ++i) gofer::with_stop_token(parent, source.get_token()).done();
    };
    churn(1'000);
    const std::size_t before = fixture::allocated_bytes();
    churn(many);
    CHECK(fixture::grew_less_than(64 * 1024, before));
}

TEST_CASE("children made while their parent is cancelled all end") {
    fixture::at_each_worker_count([] {
        for (int round = 0; round < 100; ++round) {
            auto [parent, cancel] = with_cancel(Context::background());
            gofer::WaitGroup wg;
            for (int g = 0; g < 4; ++g)
                wg.go([parent = parent, round] {
                    std::vector<gofer::WithCancel> made;
                    for (int i = 0; i < 20; ++i)
                        made.push_back(i % 2 ? with_cancel(parent)
                                             : gofer::with_timeout(parent, std::chrono::microseconds{round}));
                    for (const auto& child : made) child.ctx.done().receive();
                });
            if (round % 2) gofer::yield();
            cancel();
            wg.wait();
        }
    });
}

TEST_CASE("children dropped while their parent is cancelled are sound") {
    fixture::at_each_worker_count([] {
        for (int round = 0; round < 100; ++round) {
            auto [parent, cancel] = with_cancel(Context::background());
            gofer::WaitGroup wg;
            for (int g = 0; g < 4; ++g)
                wg.go([parent = parent] {
                    std::vector<gofer::WithCancel> made;
                    for (int i = 0; i < 20; ++i) made.push_back(with_cancel(parent));
                    gofer::yield();
                });
            if (round % 2) gofer::yield();
            cancel();
            wg.wait();
        }
    });
}

TEST_CASE("waves from above and below meet, from goroutines and threads") {
    fixture::at_each_worker_count([] {
        for (int round = 0; round < 30; ++round) {
            std::deque<gofer::WithCancel> chain;
            chain.push_back(with_cancel(Context::background()));
            for (int i = 0; i < 30; ++i) chain.push_back(with_cancel(chain[static_cast<std::size_t>(i) / 2].ctx));
            gofer::WaitGroup wg;
            for (int g = 0; g < 3; ++g)
                wg.go([&chain, g] {
                    for (std::size_t i = chain.size(); i-- > 0;)
                        if (i % 3 == static_cast<std::size_t>(g)) chain[i].cancel();
                });
            std::thread thread{[&chain] { chain[1].cancel(); }};
            thread.join();
            wg.wait();
            for (const auto& link : chain) VERIFY(link.ctx.cancelled());
        }
    });
}

// The Future of a goroutine that is abandoned while code of the user's runs for it at an unusual place: it is broken.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/unwinding.hpp"

using namespace std::chrono_literals;

namespace {

/// Parks for ever in its first move in another goroutine than the one that it spares, or in the destructor of what that left.
class ParksWhenMoved {
public:
    enum class Where { in_move, in_destructor };

    struct Plan {
        explicit Plan(Where there) : where{there} {}

        const Where where;
        std::uint64_t spares{0}; // an id; 0: threads
        std::atomic<bool> moved{false};
    };

    explicit ParksWhenMoved(std::shared_ptr<Plan> plan) : plan_{std::move(plan)} {}
    ParksWhenMoved(ParksWhenMoved&& other) noexcept : plan_{other.plan_} {
        if (gofer::this_goroutine::id() == plan_->spares || plan_->moved.exchange(true)) return;
        if (plan_->where == Where::in_move) park();
        other.dies_ = true;
    }
    ~ParksWhenMoved() {
        if (dies_ && plan_->where == Where::in_destructor) park();
    }

private:
    static void park() noexcept { gofer::Channel<int>{}.receive(); }

    std::shared_ptr<Plan> plan_;
    bool dies_{false};
};

using Where = ParksWhenMoved::Where;

std::shared_ptr<ParksWhenMoved::Plan> plan(Where where) { return std::make_shared<ParksWhenMoved::Plan>(where); }

gofer::RuntimeOptions short_of_grace(gofer::Leaks leaks) {
    auto options = fixture::unwinding(2);
    options.leaks = leaks;
    return options;
}

enum class Result { pending, broken, there };

template <class R>
Result result_of(gofer::Future<R>& future) {
    if (!future.wait_for(10s)) return Result::pending;
    try {
        static_cast<void>(future.get());
    } catch (const std::future_error& e) {
        return e.code() == std::future_errc::broken_promise ? Result::broken : Result::pending;
    }
    return Result::there;
}

} // namespace

TEST_CASE("a Future is broken when its goroutine is abandoned while it moves the result into it") {
    for (const auto leaks : {gofer::Leaks::abandon, gofer::Leaks::unwind}) {
        const auto moved = plan(Where::in_move);
        gofer::Future<ParksWhenMoved> future;
        gofer::run(short_of_grace(leaks), [&] {
            future = gofer::async([moved] { return ParksWhenMoved{moved}; });
            fixture::parked_reaches(1);
        });
        CHECK(result_of(future) == Result::broken);
    }
}

TEST_CASE("a Future keeps its result when its goroutine is abandoned while it destroys what is left of that") {
    const auto moved = plan(Where::in_destructor);
    gofer::Future<ParksWhenMoved> future;
    gofer::run(short_of_grace(gofer::Leaks::abandon), [&] {
        future = gofer::async([moved] { return ParksWhenMoved{moved}; });
        fixture::parked_reaches(1);
    });
    CHECK(result_of(future) == Result::there);
}

TEST_CASE("a Future is broken when its goroutine is abandoned while its function comes to its stack") {
    for (const auto leaks : {gofer::Leaks::abandon, gofer::Leaks::unwind})
        for (const auto where : {Where::in_move, Where::in_destructor}) {
            const auto moved = plan(where);
            gofer::Future<void> future;
            gofer::run(short_of_grace(leaks), [&] {
                moved->spares = gofer::this_goroutine::id();
                future = gofer::async([held = ParksWhenMoved{moved}] {});
                fixture::parked_reaches(1);
            });
            CHECK(result_of(future) == Result::broken);
        }
}

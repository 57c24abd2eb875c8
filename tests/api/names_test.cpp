// A walk down the public interface: every name is there, with the types, conversions and guards that are
// promised. Most of it is decided when it compiles.
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "concepts.hpp"

using namespace std::chrono_literals;

namespace {

using Ints = gofer::Channel<int>;
using Pointers = gofer::Channel<std::unique_ptr<int>>;

template <class T>
concept HasLocks = requires(T& m) {
    { m.lock() } -> std::same_as<void>;
    { m.unlock() } -> std::same_as<void>;
    { m.try_lock() } -> std::same_as<bool>;
    { m.try_lock_for(1ms) } -> std::same_as<bool>;
    { m.try_lock_until(gofer::Clock::now()) } -> std::same_as<bool>;
};

template <class T>
concept Handle = std::copyable<T> && std::equality_comparable<T> && std::default_initializable<T> &&
    std::constructible_from<T, std::nullptr_t> && requires(T c) {
    { c == nullptr } -> std::convertible_to<bool>;
    c = nullptr;
    { std::as_const(c).size() } -> std::same_as<std::size_t>;
    { std::as_const(c).capacity() } -> std::same_as<std::size_t>;
    { std::as_const(c).closed() } -> std::same_as<bool>;
};

template <class T>
concept Receives = requires(const T& c) {
    { c.receive() } -> std::same_as<std::optional<int>>;
    { c.receive_for(1ms) } -> std::same_as<std::optional<int>>;
    { c.receive_until(gofer::Clock::now()) } -> std::same_as<std::optional<int>>;
    { c.try_receive().has_value() } -> std::same_as<bool>;
    { c.try_receive().empty() } -> std::same_as<bool>;
    { c.try_receive().closed() } -> std::same_as<bool>;
    { *c.try_receive() } -> std::convertible_to<int>;
    { *c.begin() } -> std::convertible_to<int>;
    c.end();
};

template <class T>
concept Sends = requires(const T& c, const int& lvalue) {
    { c.send(1) } -> std::same_as<void>;
    { c.try_send(1) } -> std::same_as<bool>;
    { c.try_send(lvalue) } -> std::same_as<bool>;
    { c.send_for(1, 1ms) } -> std::same_as<bool>;
    { c.send_until(1, gofer::Clock::now()) } -> std::same_as<bool>;
    { c.close() } -> std::same_as<void>;
};

template <class F>
concept FutureOfInt = requires(F& f) {
    { f.get() } -> std::same_as<int>;
    { f.wait() } -> std::same_as<void>;
    { f.wait_for(1ms) } -> std::same_as<bool>;
    { std::as_const(f).ready() } -> std::same_as<bool>;
    { std::as_const(f).valid() } -> std::same_as<bool>;
};

} // namespace

TEST_CASE("Channel, Sender and Receiver are handles with their operations") {
    STATIC_REQUIRE(Handle<Ints>);
    STATIC_REQUIRE(Handle<gofer::Sender<int>>);
    STATIC_REQUIRE(Handle<gofer::Receiver<int>>);
    STATIC_REQUIRE(Receives<Ints>);
    STATIC_REQUIRE(Receives<gofer::Receiver<int>>);
    STATIC_REQUIRE(Sends<Ints>);
    STATIC_REQUIRE(Sends<gofer::Sender<int>>);
}

TEST_CASE("a Channel is made of nothing, of any integral capacity, and of nullptr") {
    CHECK(Ints(0).capacity() == 0);
    CHECK(Ints(3).capacity() == 3);
    CHECK(Ints(3U).capacity() == 3);
    CHECK(Ints(std::size_t{3}).capacity() == 3);
    CHECK(Ints(std::int64_t{3}).capacity() == 3);
    CHECK(Ints{3}.capacity() == 3);
    CHECK(Ints(nullptr) == nullptr);
    CHECK(Ints{} != nullptr);
    CHECK(nullptr == Ints(nullptr));
}

TEST_CASE("both kinds of value go where they are sent, copyable or not") {
    STATIC_REQUIRE(requires(const Pointers& c, std::unique_ptr<int> p) {
        c.send(std::move(p));
        { c.try_send(std::move(p)) } -> std::same_as<bool>;
        { c.send_for(std::move(p), 1ms) } -> std::same_as<bool>;
        gofer::send(c, std::move(p));
    });
}

TEST_CASE("what is often ignored may be ignored without a warning") {
    const Ints c(2);
    c.send(1);
    c.receive();
    gofer::select(gofer::otherwise());
    gofer::run([] { return 1; });
    c.close();
}

TEST_CASE("errors are what the standard library would make of them") {
    STATIC_REQUIRE(std::derived_from<gofer::ChannelClosed, std::logic_error>);
}

TEST_CASE("synchronization objects stay where they are and are made at compile time") {
    STATIC_REQUIRE(HasLocks<gofer::Mutex>);
    STATIC_REQUIRE(Stays<gofer::Mutex>);
    STATIC_REQUIRE(Stays<gofer::WaitGroup>);
    static constinit gofer::Mutex mutex;
    static constinit gofer::WaitGroup group;
    STATIC_REQUIRE(std::same_as<decltype(group.wait_for(1ms)), bool>);
    CHECK(mutex.try_lock());
    mutex.unlock();
    group.wait();
}

TEST_CASE("Future and Promise move and do not copy") {
    STATIC_REQUIRE(FutureOfInt<gofer::Future<int>>);
    STATIC_REQUIRE(MovesOnly<gofer::Future<int>>);
    STATIC_REQUIRE(MovesOnly<gofer::Promise<int>>);
    STATIC_REQUIRE(MovesOnly<gofer::Future<void>>);
    STATIC_REQUIRE(std::same_as<decltype(gofer::async([] { return 1L; })), gofer::Future<long>>);
    STATIC_REQUIRE(std::same_as<decltype(gofer::async([](int) {}, 1)), gofer::Future<void>>);
    STATIC_REQUIRE(std::same_as<decltype(std::declval<gofer::Promise<int>&>().future()), gofer::Future<int>>);
}

TEST_CASE("a SelectCase moves, and comes of every kind of case") {
    STATIC_REQUIRE(MovesOnly<gofer::SelectCase>);
    const Ints c(1);
    std::optional<int> slot;
    gofer::Promise<int> promise;
    auto future = promise.future();
    std::vector<gofer::SelectCase> cases;
    cases.push_back(gofer::recv(c));
    cases.push_back(gofer::recv(c, [] {}));
    cases.push_back(gofer::recv(c, [](std::optional<int>) {}));
    cases.push_back(gofer::recv(c, slot));
    cases.push_back(gofer::recv(future));
    cases.push_back(gofer::recv(future, [] {}));
    cases.push_back(gofer::timeout(1h));
    cases.push_back(gofer::timeout(1h, [] {}));
    cases.push_back(gofer::send(c, 1));
    cases.push_back(gofer::send(c, 1, [] {}));
    cases.push_back(gofer::otherwise());
    cases.push_back(gofer::otherwise([] {}));
    const std::size_t chosen = gofer::select(cases);
    CHECK((chosen == 8 || chosen == 9));
}

TEST_CASE("a span, a vector and an array of cases select") {
    std::vector<gofer::SelectCase> many;
    many.push_back(gofer::otherwise());
    gofer::SelectCase one[] = {gofer::otherwise()};
    CHECK(gofer::select(many) == 0);
    CHECK(gofer::select(one) == 0);
    CHECK(gofer::select(std::span<gofer::SelectCase>{many}) == 0);
}

TEST_CASE("options are aggregates with the promised defaults") {
    const gofer::GoOptions go{.name = "n", .stack_size = 1};
    CHECK(go.name == "n");
    CHECK(gofer::GoOptions{}.stack_size == 0);
    const gofer::RuntimeOptions run{.workers = 2,
                                    .stack_size = 1 << 20,
                                    .shutdown_grace = 5ms,
                                    .leaks = gofer::Leaks::abandon,
                                    .deadlock = gofer::Deadlock::ignore};
    CHECK(run.workers == 2);
    const gofer::RuntimeOptions none;
    CHECK(none.workers == 0);
    CHECK(none.stack_size == 256 * 1024);
    CHECK(none.shutdown_grace == 100ms);
    CHECK(none.leaks == gofer::Leaks::abandon);
    CHECK(none.deadlock == gofer::Deadlock::abort);
    CHECK(gofer::Leaks::unwind != gofer::Leaks::abort);
    CHECK(gofer::Deadlock::report != gofer::Deadlock::ignore);
}

TEST_CASE("this_goroutine, yield and sleep are there for plain threads, too") {
    STATIC_REQUIRE(std::same_as<decltype(gofer::this_goroutine::id()), std::uint64_t>);
    STATIC_REQUIRE(std::same_as<decltype(gofer::this_goroutine::name()), std::string>);
    STATIC_REQUIRE(std::same_as<decltype(gofer::this_goroutine::inside()), bool>);
    STATIC_REQUIRE(gofer::Clock::is_steady);
    gofer::yield();
    gofer::sleep_for(0s);
    gofer::sleep_until(gofer::Clock::now());
    gofer::sleep_until(std::chrono::system_clock::now());
}

TEST_CASE("a reference goes to a goroutine only in std::ref") {
    int n = 1;
    gofer::run([](int& r) { r = 2; }, std::ref(n));
    CHECK(n == 2);
    CHECK(gofer::run([&n](const int& copy) { return &copy != &n; }, n));
}

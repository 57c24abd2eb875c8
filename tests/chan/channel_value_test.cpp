// What may travel through a channel: anything that can be moved, of any size and alignment.
// After the ideas of golang/go test/chan/zerosize.go, sendstmt.go and TestChanSendInterface in
// src/runtime/chan_test.go.
#include <algorithm>
#include <any>
#include <array>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

namespace {

template <class T>
struct Pair {
    gofer::Channel<T> unbuffered{};
    gofer::Channel<T> buffered{3};
};

/// Sends what make(i) gives over both kinds of channel and holds each that arrives against holds(value, i).
template <class T, class Make, class Holds>
void carries(Make make, Holds holds) {
    fixture::at_each_worker_count([&] {
        Pair<T> pair;
        for (const auto& c : {pair.unbuffered, pair.buffered}) {
            gofer::go([c, &make] {
                for (int i = 0; i < 20; ++i) c.send(make(i));
                c.close();
            });
            int i = 0;
            for (T value : c) VERIFY(holds(value, i++));
            VERIFY(i == 20);
        }
    });
}

struct Empty {};

struct alignas(64) Wide {
    int value;
};

/// Go's way to ask for an answer.
struct Question {
    int number = 0;
    gofer::Channel<Question> reply{nullptr};
};

struct NoDefault {
    explicit NoDefault(int n) : value{n} {}
    int value;
};

} // namespace

TEST_CASE("a channel carries values that can only be moved") {
    carries<std::unique_ptr<int>>([](int i) { return std::make_unique<int>(i); },
                                  [](const auto& v, int i) { return v && *v == i; });
}

TEST_CASE("a channel carries values without a default constructor") {
    carries<NoDefault>([](int i) { return NoDefault{i}; },
                       [](const NoDefault& v, int i) { return v.value == i; });
}

TEST_CASE("a channel carries values of no size") {
    carries<gofer::Unit>([](int) { return gofer::Unit{}; }, [](gofer::Unit, int) { return true; });
    carries<Empty>([](int) { return Empty{}; }, [](Empty, int) { return true; });
}

TEST_CASE("a channel carries large values whole") {
    using Page = std::array<int, 1024>;
    carries<Page>(
        [](int i) {
            Page page;
            page.fill(i);
            return page;
        },
        [](const Page& page, int i) { return page.front() == i && page[512] == i && page.back() == i; });
}

TEST_CASE("a channel keeps the alignment of its values") {
    carries<Wide>([](int i) { return Wide{i}; },
                  [](const Wide& v, int i) {
                      return v.value == i && reinterpret_cast<std::uintptr_t>(&v) % alignof(Wide) == 0;
                  });
}

TEST_CASE("a channel carries bool, strings, vectors, functions and std::any") {
    carries<bool>([](int i) { return i % 2 == 0; }, [](bool v, int i) { return v == (i % 2 == 0); });
    carries<std::string>(
        [](int i) { return std::string(40, static_cast<char>('a' + i)); },
        [](const std::string& v, int i) { return v == std::string(40, static_cast<char>('a' + i)); });
    carries<std::vector<int>>([](int i) { return std::vector<int>(3, i); },
                              [](const auto& v, int i) { return v == std::vector<int>(3, i); });
    carries<std::function<int()>>([](int i) { return [i] { return i; }; },
                                  [](const auto& f, int i) { return f() == i; });
    carries<std::any>([](int i) { return std::any{i}; },
                      [](const std::any& v, int i) { return std::any_cast<int>(v) == i; });
}

TEST_CASE("a channel carries channels") {
    const gofer::Channel<gofer::Channel<int>> requests(1);
    const gofer::Channel<int> reply(1);
    requests.send(reply);
    CHECK(gofer::select(gofer::send(*requests.receive(), 2), gofer::otherwise()) == 0);
    CHECK(reply.receive() == 2);
}

TEST_CASE("a value is copied once when it is sent from an lvalue and never on its way") {
    fixture::at_each_worker_count([] {
        for (const int capacity : {0, 1}) {
            const gofer::Channel<fixture::Tracked> c(capacity);
            const fixture::Tracked value{6};
            const long before = fixture::Alive::copies;
            gofer::WaitGroup wg;
            wg.go([&] { c.send(value); });
            VERIFY(c.receive()->value == 6);
            wg.wait();
            VERIFY(fixture::Alive::copies == before + 1);
        }
    });
}

TEST_CASE("a sent value is never seen before it was written") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int*> c;
        gofer::WaitGroup wg;
        wg.go([&] {
            for (int i = 0; i < 200; ++i) {
                auto plain = std::make_unique<int>();
                *plain = i;
                c.send(plain.release());
            }
            c.close();
        });
        int expected = 0;
        for (int* p : c) {
            const std::unique_ptr<int> owned{p};
            VERIFY(*owned == expected++);
        }
        wg.wait();
    });
}

TEST_CASE("a channel carries vectors of what can only be moved") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<std::vector<std::unique_ptr<int>>> c(1);
        std::vector<std::unique_ptr<int>> values;
        values.push_back(std::make_unique<int>(3));
        c.send(std::move(values));
        std::optional<std::vector<std::unique_ptr<int>>> received;
        gofer::select(gofer::recv(c, received));
        VERIFY(*received->front() == 3);
        gofer::select(gofer::send(c, std::move(*received)));
        VERIFY(*c.receive()->front() == 3);
    });
}

TEST_CASE("a loop over a channel takes values that cannot be assigned") {
    struct Fixed {
        const int value;
    };
    fixture::at_each_worker_count([] {
        const gofer::Channel<Fixed> c(3);
        for (int i = 1; i <= 3; ++i) c.send(Fixed{i});
        c.close();
        int sum = 0;
        for (const Fixed& fixed : c) sum += fixed.value;
        VERIFY(sum == 6);
    });
}

TEST_CASE("a value may hold channels of its own type") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<Question> c;
        gofer::go([c] {
            for (const Question& q : c) q.reply.send({q.number + 1});
        });
        Question question{41, gofer::Channel<Question>(1)};
        c.send(question);
        VERIFY(question.reply.receive()->number == 42);
        VERIFY(question.reply.try_send(question));
        VERIFY(gofer::select(gofer::recv(question.reply)) == 0);
        c.close();
    });
}

TEST_CASE("a loop goes on with the channel that it began with, whatever becomes of the variable") {
    fixture::at_each_worker_count([] {
        gofer::Channel<int> c(3);
        for (int i = 1; i <= 3; ++i) c.send(i);
        c.close();
        int sum = 0;
        for (int v : c) {
            sum += v;
            c = gofer::Channel<int>(1);
            c.send(100);
            c.close();
        }
        VERIFY(sum == 6);
    });
}

TEST_CASE("who takes a few values by a channel's iterator leaves the next where it is") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c(4);
        for (int i = 1; i <= 4; ++i) c.send(i);
        std::vector<int> taken;
        std::ranges::copy_n(c.begin(), 3, std::back_inserter(taken));
        VERIFY(taken == std::vector<int>{1, 2, 3});
        VERIFY(c.receive() == 4);
        auto at = c.begin();
        c.send(5);
        c.send(6);
        ++at;
        VERIFY(*at == 6);
    });
}

TEST_CASE("a channel, a select and a Promise carry values whose & is not their address") {
    struct Odd {
        int value;
        Odd* operator&() const { return nullptr; }
    };
    fixture::at_each_worker_count([] {
        const gofer::Channel<Odd> c(4);
        Odd odd{3};
        c.send(odd);
        VERIFY(c.try_send(odd));
        VERIFY(gofer::select(gofer::send(c, odd)) == 0);
        gofer::SelectCase kept = gofer::send(c, odd);
        VERIFY(gofer::select(kept) == 0);
        for (int i = 0; i < 3; ++i) VERIFY(c.receive()->value == 3);
        VERIFY(c.try_receive()->value == 3);
        gofer::Promise<Odd&> promise;
        promise.set_value(odd);
        VERIFY(promise.future().get().value == 3);
    });
}

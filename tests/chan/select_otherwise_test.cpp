// otherwise(), Go's default: taken when nothing is ready, and only then.
// After the ideas of golang/go test/chan/select.go and select3.go.
#include <chrono>
#include <cstddef>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("otherwise alone is taken at once") {
    fixture::at_each_worker_count([] { VERIFY(gofer::select(gofer::otherwise()) == 0); });
}

TEST_CASE("otherwise is taken when nothing is ready, wherever it stands") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        VERIFY(gofer::select(gofer::otherwise(), gofer::recv(c), gofer::send(c, 1)) == 0);
        VERIFY(gofer::select(gofer::recv(c), gofer::otherwise(), gofer::send(c, 1)) == 1);
        VERIFY(gofer::select(gofer::recv(c), gofer::send(c, 1), gofer::otherwise()) == 2);
    });
}

TEST_CASE("otherwise is never taken while a case is ready") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c(1);
        for (int i = 0; i < 100; ++i) {
            VERIFY(gofer::select(gofer::otherwise(), gofer::send(c, i)) == 1);
            VERIFY(gofer::select(gofer::otherwise(), gofer::recv(c)) == 1);
        }
    });
}

TEST_CASE("otherwise comes before any timeout") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        VERIFY(gofer::select(gofer::recv(c), gofer::timeout(1h), gofer::otherwise()) == 2);
        VERIFY(gofer::select(gofer::recv(c), gofer::timeout(0ms), gofer::otherwise()) == 2);
    });
}

TEST_CASE("the handler of otherwise runs when it is taken") {
    const gofer::Channel<int> c(1);
    int taken = 0;
    gofer::select(gofer::recv(c), gofer::otherwise([&] { ++taken; }));
    CHECK(taken == 1);
    gofer::select(gofer::send(c, 1), gofer::otherwise([&] { ++taken; }));
    CHECK(taken == 1);
}

TEST_CASE("a loop over two sends and otherwise fills both channels and stops") {
    const gofer::Channel<unsigned> a(1), b(1), nil(nullptr);
    unsigned calls = 0, shift = 0;
    const auto next = [&] {
        ++calls;
        return 1U << shift;
    };
    const auto send_all = [&](gofer::Channel<unsigned> left, gofer::Channel<unsigned> right) {
        int sent = 0;
        const auto takes_out = [&sent](gofer::Channel<unsigned>& c) {
            return [&] {
                ++sent;
                c = nullptr;
            };
        };
        for (bool going = true; going; ++shift) {
            gofer::select(gofer::send(left, next(), takes_out(left)),
                          gofer::send(right, next(), takes_out(right)),
                          gofer::otherwise([&] { going = false; }));
        }
        return sent;
    };
    CHECK(send_all(a, b) == 2);
    shift = 0;
    CHECK((*a.receive() | *b.receive()) == 3);
    CHECK(send_all(a, nil) == 1);
    CHECK(calls == 10);
}

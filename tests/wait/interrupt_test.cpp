// The hook that ends a wait early, on which contexts will stand: alone, and racing with partner and deadline.
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"
#include "../support/interrupts.hpp"

using namespace std::chrono_literals;
using fixture::Trigger;
using gofer::chan::Result;
using gofer::wait::Until;

namespace {

Until until(Trigger& trigger) {
    return {gofer::base::never, &trigger};
}
Until until(Trigger& trigger, std::chrono::nanoseconds d) {
    return {gofer::base::deadline_after(d), &trigger};
}

Result receive(const gofer::Channel<int>& c, std::optional<int>& out, Until u) {
    return c.core()->receive(out, u);
}
Result send(const gofer::Channel<int>& c, int& value, Until u) {
    return c.core()->send({&value}, u);
}

} // namespace

TEST_CASE("an interrupt that has fired ends a wait before it begins") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        Trigger trigger;
        trigger.fire();
        std::optional<int> out;
        int value = 1;
        VERIFY(receive(c, out, until(trigger)) == Result::interrupted);
        VERIFY(send(c, value, until(trigger)) == Result::interrupted);
        VERIFY(!out && value == 1);
    });
}

TEST_CASE("an interrupt that has fired does not keep a call from what is ready") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c(1);
        Trigger trigger;
        trigger.fire();
        std::optional<int> out;
        int value = 1;
        VERIFY(send(c, value, until(trigger)) == Result::done);
        VERIFY(receive(c, out, until(trigger)) == Result::done);
        VERIFY(out == 1);
    });
}

TEST_CASE("an interrupt ends the waits of goroutines") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c, full;
        Trigger trigger;
        gofer::WaitGroup wg;
        for (int i = 0; i < 10; ++i) {
            wg.go([&] {
                std::optional<int> out;
                VERIFY(receive(c, out, until(trigger)) == Result::interrupted);
            });
            wg.go([&] {
                int value = 7;
                VERIFY(send(full, value, until(trigger)) == Result::interrupted);
                VERIFY(value == 7);
            });
        }
        fixture::parked_reaches(20);
        trigger.fire();
        wg.wait();
        VERIFY(trigger.idle());
        VERIFY(!c.try_send(1) && full.try_receive().empty());
    });
}

TEST_CASE("an interrupt ends the wait of a plain thread") {
    fixture::on_a_plain_thread([] {
        const gofer::Channel<int> c;
        Trigger trigger;
        std::thread waiting{[&] {
            std::optional<int> out;
            VERIFY(receive(c, out, until(trigger)) == Result::interrupted);
        }};
        while (trigger.idle()) std::this_thread::yield();
        trigger.fire();
        waiting.join();
        VERIFY(trigger.idle() && !c.try_send(1));
    });
}

TEST_CASE("an interrupt ends a wait for a Future") {
    fixture::at_each_worker_count([] {
        gofer::Promise<int> promise;
        const gofer::Future<int> future = promise.future();
        Trigger trigger;
        gofer::WaitGroup wg;
        wg.go([&] { VERIFY(!future.wait(trigger)); });
        fixture::parked_reaches(1);
        trigger.fire();
        wg.wait();
        promise.set_value(1);
    });
}

TEST_CASE("a wait that ended otherwise is detached") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        Trigger trigger;
        std::optional<int> out;
        VERIFY(receive(c, out, until(trigger, 1ms)) == Result::timed_out);
        VERIFY(trigger.idle());
        gofer::WaitGroup wg;
        wg.go([&] { c.send(1); });
        VERIFY(receive(c, out, until(trigger)) == Result::done && out == 1);
        VERIFY(trigger.idle());
        wg.go([&] { c.close(); });
        VERIFY(receive(c, out, until(trigger)) == Result::closed);
        VERIFY(trigger.idle());
        wg.wait();
        trigger.fire();
    });
}

TEST_CASE("partner, deadline and interrupt race, and exactly one ends the wait") {
    fixture::at_each_worker_count([] {
        int ended[3] = {};
        for (int round = 0; round < 600; ++round) {
            const gofer::Channel<int> c;
            Trigger trigger;
            gofer::WaitGroup wg;
            std::atomic<bool> taken{false};
            wg.go([&] { trigger.fire(); });
            wg.go([&] { taken = c.try_send(round); });
            std::optional<int> out;
            const Result result = receive(c, out, until(trigger, std::chrono::microseconds{round % 60}));
            wg.wait();
            VERIFY(taken == (result == Result::done));
            VERIFY(out.has_value() == (result == Result::done));
            VERIFY(!out || *out == round);
            ++ended[result == Result::done ? 0 : result == Result::timed_out ? 1 : 2];
        }
        VERIFY(ended[0] + ended[1] + ended[2] == 600);
    });
}

TEST_CASE("values are neither lost nor doubled while waits on both sides are interrupted") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c;
        std::atomic<long> sent{0}, received{0};
        gofer::WaitGroup wg;
        for (int g = 0; g < 4; ++g) {
            wg.go([&, g] {
                for (int i = 0; i < 200; ++i) {
                    Trigger trigger;
                    gofer::WaitGroup firing;
                    firing.go([&trigger] { trigger.fire(); });
                    int value = g * 1000 + i;
                    const int offered = value;
                    if (send(c, value, until(trigger)) == Result::done) sent += offered;
                    firing.wait();
                }
            });
            wg.go([&] {
                for (int i = 0; i < 200; ++i) {
                    Trigger trigger;
                    gofer::WaitGroup firing;
                    firing.go([&trigger] { trigger.fire(); });
                    std::optional<int> out;
                    if (receive(c, out, until(trigger)) == Result::done) received += *out;
                    firing.wait();
                }
            });
        }
        wg.wait();
        VERIFY(sent == received);
    });
}

// Plain threads at either end: they block where a goroutine parks.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using namespace std::chrono_literals;

TEST_CASE("two plain threads talk over a channel with no runtime in sight") {
    fixture::on_a_plain_thread([] {
        for (const int capacity : {0, 4}) {
            const gofer::Channel<int> c(capacity);
            std::thread sender{[c] {
                for (int i = 0; i < 200; ++i) c.send(i);
                c.close();
            }};
            int expected = 0;
            for (int v : c) VERIFY(v == expected++);
            VERIFY(expected == 200);
            sender.join();
        }
    });
}

TEST_CASE("a plain thread receives from a goroutine and sends to one") {
    fixture::on_a_plain_thread([] {
        const gofer::Channel<int> questions, answers;
        gofer::go([=] {
            for (int v : questions) answers.send(v * 2);
            answers.close();
        });
        for (int i = 0; i < 100; ++i) {
            questions.send(i);
            VERIFY(answers.receive() == 2 * i);
        }
        questions.close();
        VERIFY(!answers.receive().has_value());
    });
}

TEST_CASE("close wakes a plain thread that receives and one that sends") {
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> in, out;
        gofer::WaitGroup started, ended;
        started.add(2);
        ended.add(2);
        std::thread receiver{[&] {
            started.done();
            VERIFY(!in.receive().has_value());
            ended.done();
        }};
        std::thread sender{[&] {
            started.done();
            VERIFY(fixture::throws<gofer::ChannelClosed>([&] { out.send(1); }));
            ended.done();
        }};
        started.wait();
        in.close();
        out.close();
        ended.wait();
        receiver.join();
        sender.join();
    });
}

TEST_CASE("threads and goroutines mixed at both ends lose and double nothing") {
    constexpr int hands = 3, values = 200;
    fixture::at_each_worker_count([] {
        const gofer::Channel<int> c(2);
        std::atomic<long> sum{0};
        std::atomic<int> count{0};
        gofer::WaitGroup sending, receiving;
        sending.add(2 * hands);
        receiving.add(2 * hands);
        const auto send = [&sending, c] {
            for (int i = 1; i <= values; ++i) c.send(i);
            sending.done();
        };
        const auto receive = [&, c] {
            for (int v : c) {
                sum += v;
                ++count;
            }
            receiving.done();
        };
        std::vector<std::thread> threads;
        for (int h = 0; h < hands; ++h) {
            gofer::go(send);
            gofer::go(receive);
            threads.emplace_back(send);
            threads.emplace_back(receive);
        }
        sending.wait();
        c.close();
        receiving.wait();
        for (auto& thread : threads) thread.join();
        VERIFY(count == 2 * hands * values);
        VERIFY(sum == 2L * hands * values * (values + 1) / 2);
    });
}

TEST_CASE("a plain thread selects over channels") {
    fixture::on_a_plain_thread([] {
        const gofer::Channel<int> numbers, never;
        const gofer::Channel<gofer::Unit> done;
        gofer::go([=] {
            for (int i = 0; i < 50; ++i) numbers.send(i);
            done.close();
        });
        int expected = 0;
        bool going = true;
        while (going) {
            gofer::select(gofer::recv(numbers, [&](std::optional<int> v) { VERIFY(v == expected++); }),
                          gofer::recv(never), gofer::recv(done, [&] { going = false; }));
        }
        VERIFY(expected == 50);
    });
}

TEST_CASE("a plain thread's timed waits end with their time") {
    fixture::on_a_plain_thread([] {
        const gofer::Channel<int> c;
        const auto start = gofer::Clock::now();
        VERIFY(!c.receive_for(2ms).has_value());
        VERIFY(!c.send_for(1, 2ms));
        VERIFY(gofer::select(gofer::recv(c), gofer::timeout(2ms)) == 1);
        VERIFY(gofer::Clock::now() - start >= 6ms);
    });
}

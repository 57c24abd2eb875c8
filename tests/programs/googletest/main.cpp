// testing::LeakCheck in GoogleTest, as a user would write it: two tests that stop what they start, and two that leave a
// goroutine behind, by their own thread and in a run of their own, and must be shown as failed.
#include <string>

#include <gofer/gofer.hpp>
#include <gofer/testing.hpp>
#include <gtest/gtest.h>

namespace {

void add_failure(const std::string& what) {
    ADD_FAILURE() << what;
}

/// A service that answers until its requests are over.
class Server {
public:
    Server() {
        gofer::go({.name = "server"}, [requests = requests_, answers = answers_] {
            for (const int request : requests) answers.send(2 * request);
        });
    }
    void stop() { requests_.close(); }
    int ask(int request) {
        requests_.send(request);
        return *answers_.receive();
    }

private:
    gofer::Channel<int> requests_, answers_;
};

} // namespace

TEST(Stops, OnAThread) {
    gofer::testing::LeakCheck leaks(add_failure);
    Server server;
    EXPECT_EQ(server.ask(21), 42);
    server.stop();
}

TEST(Stops, InARun) {
    gofer::run([] {
        gofer::testing::LeakCheck leaks(add_failure);
        Server server;
        EXPECT_EQ(server.ask(21), 42);
        server.stop();
    });
}

TEST(Leaks, OnAThread) {
    gofer::testing::LeakCheck leaks(add_failure);
    Server server;
    EXPECT_EQ(server.ask(21), 42);
}

TEST(Leaks, InARun) {
    gofer::run([] {
        gofer::testing::LeakCheck leaks(add_failure);
        Server server;
        EXPECT_EQ(server.ask(21), 42);
    });
}

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}

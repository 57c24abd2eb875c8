// The main thread ends by pthread_exit, and the program goes on: leaked goroutines are found, and live ones are not
// taken for leaked, though /proc/self shows nothing of a process any more whose main thread has ended.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <pthread.h>
#include <string>
#include <thread>
#include <unistd.h>

#include <gofer/gofer.hpp>

#include <gofer/base/thread_state.hpp>

#include "../../support/looking.hpp"

namespace {

using gofer::Channel;

template <class F>
[[gnu::noinline]] void apart(F f) {
    f();
    asm volatile("" ::: "memory");
}

/// What is found in the end; an old value somewhere in memory may hide a leak, so several are started.
std::string report() {
    std::string text;
    for (int i = 0; i < 30 && text.find("\"lost\"") == std::string::npos; ++i) {
        apart([] { gofer::go({.name = "lost"}, [c = Channel<int>()] { c.receive(); }); });
        gofer::sleep_for(std::chrono::milliseconds(2));
        text = fixture::report_of_leaked();
        if (fixture::could_not_look(text) || text.find("\"live\"") != std::string::npos) break;
    }
    return text;
}

void go_on(pid_t main_thread) {
    while (gofer::base::state_of(main_thread) != 'Z') std::this_thread::sleep_for(std::chrono::milliseconds(1));
    gofer::RuntimeOptions options;
    options.workers = 2;
    options.shutdown_grace = std::chrono::milliseconds(0);
    gofer::run(options, [] {
        const auto known = std::make_unique<Channel<int>>();
        apart([&] { gofer::go({.name = "live"}, [c = *known] { c.receive(); }); });
        std::fputs(report().c_str(), stdout);
        known->send(1);
    });
    std::puts("the program ends");
    std::exit(0);
}

} // namespace

int main() {
    constexpr int skipped = 77;
    if (!fixture::threads_can_be_stopped()) return skipped;
    const auto begin = [](void* main_thread) -> void* {
        go_on(static_cast<pid_t>(reinterpret_cast<long>(main_thread)));
        return nullptr;
    };
    pthread_t thread;
    if (::pthread_create(&thread, nullptr, begin, reinterpret_cast<void*>(long{::gettid()})) != 0) return 1;
    ::pthread_detach(thread);
    ::pthread_exit(nullptr);
}

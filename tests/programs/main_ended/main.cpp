// The main thread ends by pthread_exit, and the program goes on: leaked goroutines are found, and live ones are not
// taken for leaked, though /proc/self shows nothing of a process any more whose main thread has ended.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <pthread.h>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>

#include <gofer/gofer.hpp>

#include <gofer/base/thread_state.hpp>
#include <gofer/debug/standstill.hpp>

namespace {

using gofer::Channel;

template <class F>
[[gnu::noinline]] void apart(F f) {
    f();
    asm volatile("" ::: "memory");
}

/// On a machine under load a thread may not stop in time. Then once more.
std::string search() {
    std::ostringstream out;
    for (int i = 0; i < 10 && (i == 0 || out.str().find("cannot look") != std::string::npos); ++i) {
        out.str({});
        gofer::find_leaked_goroutines(out);
    }
    return out.str();
}

/// Whether the system lets a process stop its own threads; a container may not.
bool can_stop() {
    std::atomic<bool> over{false}, can{false};
    std::thread other([&over] {
        while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    for (int i = 0; i < 10 && !can; ++i) can = gofer::debug::Standstill(10'000'000'000).holds();
    over = true;
    other.join();
    return can;
}

/// What is found in the end; an old value somewhere in memory may hide a leak, so several are started.
std::string report() {
    std::string text;
    for (int i = 0; i < 30 && text.find("\"lost\"") == std::string::npos; ++i) {
        apart([] { gofer::go({.name = "lost"}, [c = Channel<int>()] { c.receive(); }); });
        gofer::sleep_for(std::chrono::milliseconds(2));
        text = search();
        if (text.find("cannot look") != std::string::npos || text.find("\"live\"") != std::string::npos) break;
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
    if (!can_stop()) return skipped;
    const auto begin = [](void* main_thread) -> void* {
        go_on(static_cast<pid_t>(reinterpret_cast<long>(main_thread)));
        return nullptr;
    };
    pthread_t thread;
    if (::pthread_create(&thread, nullptr, begin, reinterpret_cast<void*>(long{::gettid()})) != 0) return 1;
    ::pthread_detach(thread);
    ::pthread_exit(nullptr);
}

// Plain threads and goroutines of the default runtime.
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "unprotected.hpp"

using programs::Scenario;
using programs::Setting;
using races::touch;

namespace {

const Scenario spawned_by_a_thread{"a thread and the goroutine that it started", [](const Setting& s) {
    gofer::WaitGroup wg;
    wg.go([&s] {
        s.between();
        touch();
    });
    touch();
    wg.wait();
}};

const Scenario two_threads{"goroutines of two threads", [](const Setting& s) {
    gofer::WaitGroup wg;
    const auto start = [&] {
        wg.go([&s] {
            touch();
            s.between();
        });
    };
    std::thread one{start}, other{start};
    one.join();
    other.join();
    wg.wait();
}};

const Scenario waited_for{"a thread waits for the goroutine that it started", [](const Setting& s) {
    for (int i = 0; i < 20; ++i) {
        gofer::WaitGroup wg;
        touch();
        wg.go([&s] {
            touch();
            s.between();
        });
        wg.wait();
        touch();
    }
}};

const Scenario to_and_fro{"a thread and a goroutine over a channel", [](const Setting& s) {
    const gofer::Channel<int> there, back;
    gofer::WaitGroup wg;
    wg.go([&, there, back] {
        for (int v : there) {
            touch();
            s.between();
            back.send(v);
        }
    });
    for (int i = 0; i < 50; ++i) {
        touch();
        there.send(i);
        back.receive();
    }
    there.close();
    wg.wait();
}};

const Scenario one_mutex{"a thread and a goroutine under one mutex", [](const Setting& s) {
    gofer::Mutex m;
    gofer::WaitGroup wg;
    const auto work = [&] {
        for (int i = 0; i < 100; ++i) {
            const std::lock_guard guard{m};
            touch();
            s.between();
        }
    };
    wg.go(work);
    work();
    wg.wait();
}};

const Scenario thread_keeps_promise{"a promise kept by a thread", [](const Setting& s) {
    gofer::Promise<int> p;
    gofer::Future<int> f = p.future();
    std::thread thread{[&] {
        touch();
        p.set_value(1);
    }};
    gofer::WaitGroup wg;
    wg.go([&] {
        f.wait();
        s.between();
        touch();
    });
    wg.wait();
    thread.join();
}};

const Scenario last_handle{"a thread drops the last handle of a run's context after the run", [](const Setting& s) {
    for (int i = 0; i < 10; ++i) {
        const gofer::Channel<gofer::Context> handles;
        std::atomic<bool> over{false};
        std::thread thread{[&] {
            std::optional<gofer::Context> context = handles.receive();
            while (!over.load(std::memory_order_relaxed)) std::this_thread::yield();
            context.reset();
        }};
        gofer::run(s.options(), [&] {
            handles.send(gofer::Context::background());
            s.between();
        });
        over.store(true, std::memory_order_relaxed);
        thread.join();
    }
}};

} // namespace

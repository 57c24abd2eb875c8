// A wait with a deadline when there is no memory for its timer: the call throws std::bad_alloc, has left every list, and
// works the next time.
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <new>

#include <gofer/gofer.hpp>

#include "../support/scenario.hpp"

using namespace std::chrono_literals;
using programs::require;
using programs::Scenario;
using programs::Setting;

namespace {

constinit thread_local bool refuses = false; // the program's goroutines do not move: they run at one worker

[[gnu::noinline]] void refuse(bool now) noexcept {
    bool* flag = &refuses;
    asm volatile("" : "+r"(flag)::"memory");
    *flag = now;
}

} // namespace

// What the linker's --wrap makes of calls of operator new: under a sanitizer the operator itself is the sanitizer's.
extern "C" void* __real__Znwm(std::size_t size);
extern "C" [[gnu::noinline]] void* __wrap__Znwm(std::size_t size) {
    if (refuses) throw std::bad_alloc();
    return __real__Znwm(size);
}

namespace {

/// Calls f, which waits for as long as it is told, without memory and then with it. A short wait may be over before it
/// begins, on a machine under load, and needs none then.
template <class F>
void without_memory(F f) {
    bool thrown = false;
    refuse(true);
    try {
        f(1h);
    } catch (const std::bad_alloc&) {
        thrown = true;
    }
    refuse(false);
    require(thrown, "it throws std::bad_alloc");
    f(1ms);
}

template <class F>
void in_runtime(const Setting& s, F f) {
    gofer::run(s.options(), f);
}

const Scenario sleep{"a sleep", [](const Setting& s) {
    in_runtime(s, [] { without_memory([](auto time) { gofer::sleep_for(time); }); });
}};

const Scenario receive{"a receive", [](const Setting& s) {
    in_runtime(s, [] {
        const gofer::Channel<int> c;
        without_memory([&](auto time) { require(!c.receive_for(time), "nothing is received"); });
        require(!c.try_send(1), "nobody waits any more");
    });
}};

const Scenario send{"a send", [](const Setting& s) {
    in_runtime(s, [] {
        const gofer::Channel<int> c;
        without_memory([&](auto time) { require(!c.send_for(1, time), "nothing is sent"); });
        require(!c.try_receive().has_value(), "nobody waits any more");
    });
}};

const Scenario tick{"a tick", [](const Setting& s) {
    in_runtime(s, [] {
        const auto later = gofer::after(1h), soon = gofer::after(1ms);
        without_memory([&](auto time) {
            require((time == 1h ? later : soon).receive_for(1h).has_value(), "it comes");
        });
    });
}};

const Scenario select{"a select", [](const Setting& s) {
    in_runtime(s, [] {
        const gofer::Channel<int> in, out;
        without_memory([&](auto time) {
            require(gofer::select(gofer::recv(in), gofer::send(out, 1), gofer::timeout(time)) == 2, "the time is over");
        });
        require(!in.try_send(1) && !out.try_receive().has_value(), "nobody waits any more");
    });
}};

const Scenario mutex{"a Mutex", [](const Setting& s) {
    in_runtime(s, [] {
        gofer::Mutex m;
        m.lock();
        without_memory([&](auto time) { require(!m.try_lock_for(time), "it is not locked"); });
        m.unlock();
        require(m.try_lock(), "it is free afterwards");
        m.unlock();
    });
}};

const Scenario rw_mutex{"an RWMutex", [](const Setting& s) {
    in_runtime(s, [] {
        gofer::RWMutex m;
        m.lock_shared();
        without_memory([&](auto time) { require(!m.try_lock_for(time), "it is not locked"); });
        require(m.try_lock_shared(), "no writer holds readers back");
        m.unlock_shared();
        m.unlock_shared();
    });
}};

const Scenario cond{"a Cond", [](const Setting& s) {
    in_runtime(s, [] {
        gofer::Mutex m;
        gofer::Cond c;
        std::unique_lock<gofer::Mutex> lock(m);
        without_memory([&](auto time) {
            require(c.wait_for(lock, time) == std::cv_status::timeout, "nobody notifies");
        });
        require(lock.owns_lock() && !m.try_lock(), "the lock is back");
    });
}};

const Scenario wait_group{"a WaitGroup", [](const Setting& s) {
    in_runtime(s, [] {
        gofer::WaitGroup wg;
        wg.add();
        without_memory([&](auto time) { require(!wg.wait_for(time), "it is not done"); });
        wg.done();
        wg.wait();
    });
}};

const Scenario semaphore{"a Semaphore", [](const Setting& s) {
    in_runtime(s, [] {
        gofer::Semaphore permits(1);
        permits.acquire();
        without_memory([&](auto time) { require(!permits.try_acquire_for(time), "there is none"); });
        permits.release();
        require(permits.try_acquire(), "it is free afterwards");
    });
}};

const Scenario future{"a Future", [](const Setting& s) {
    in_runtime(s, [] {
        gofer::Promise<int> promise;
        const auto result = promise.future();
        without_memory([&](auto time) { require(!result.wait_for(time), "it is not there"); });
        promise.set_value(1);
        require(result.wait_for(1h), "it is there");
    });
}};

const Scenario nil_channel{"a nil channel", [](const Setting& s) {
    in_runtime(s, [] {
        const gofer::Channel<int> nil(nullptr);
        without_memory([&](auto time) { require(!nil.receive_for(time), "nothing is received"); });
    });
}};

const Scenario with_context{"with a context", [](const Setting& s) {
    in_runtime(s, [] {
        const auto made = gofer::with_cancel(gofer::Context::background());
        without_memory([&](auto time) { require(gofer::sleep_for(made.ctx, time), "nobody cancels"); });
    });
}};

} // namespace

int main(int argc, char** argv) {
    return Scenario::main(argc, argv);
}

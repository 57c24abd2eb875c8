// What a parked goroutine waits for, in the words of the reports.
#pragma once

#include <cstdint>

namespace gofer::inline v1::debug {
struct Inspector; // reads what goroutines wait on, for reports; a friend of every primitive
}

namespace gofer::inline v1::task {

enum class WaitReason : std::uint8_t {
    none,
    receive,
    tick,
    send,
    nil_receive,
    nil_send,
    select,
    empty_select,
    sleep,
    wait_group,
    mutex,
    read_lock,
    write_lock,
    cond,
    once,
    semaphore,
    barrier,
    future,
    err_group,
    inner_run,
    blocking,
    shut_down,
};

constexpr const char* describe(WaitReason reason) noexcept {
    switch (reason) {
    case WaitReason::none: return "nothing";
    case WaitReason::receive: return "receive on channel";
    case WaitReason::tick: return "receive on a timer's channel";
    case WaitReason::send: return "send on channel";
    case WaitReason::nil_receive: return "receive on nil channel";
    case WaitReason::nil_send: return "send on nil channel";
    case WaitReason::select: return "select";
    case WaitReason::empty_select: return "select (no cases)";
    case WaitReason::sleep: return "sleep";
    case WaitReason::wait_group: return "WaitGroup";
    case WaitReason::mutex: return "Mutex";
    case WaitReason::read_lock: return "RWMutex, to read";
    case WaitReason::write_lock: return "RWMutex, to write";
    case WaitReason::cond: return "Cond";
    case WaitReason::once: return "Once";
    case WaitReason::semaphore: return "Semaphore";
    case WaitReason::barrier: return "Barrier";
    case WaitReason::future: return "Future";
    case WaitReason::err_group: return "ErrGroup (its limit)";
    case WaitReason::inner_run: return "run of an inner runtime";
    case WaitReason::blocking: return "its blocking code";
    case WaitReason::shut_down: return "its runtime, which was shut down";
    }
    return "?";
}

} // namespace gofer::inline v1::task

// What the processor had for a thread when it was stopped. Read by its tracer, which runs on another thread's thread-local
// memory (raw_call.hpp).
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <elf.h>
#include <linux/futex.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <gofer/debug/raw_call.hpp>

namespace gofer::inline v1::debug {

struct StoppedThread {
    static constexpr std::size_t room = 8192; // general and vector registers: 3.1 KB with AVX-512

    pid_t tid;
    int signal;          // that was on its way, and is delivered when it goes on
    bool stopped;        // else it is about to be
    bool in_system_call; // so it is not in the midst of any statement of ours
    bool sleeps;         // on a futex
    std::uintptr_t stack_pointer;
    std::size_t size; // of what is in `registers`, in bytes
    alignas(16) unsigned char registers[room];

    /// False: the kernel does not give them. One that was killed in the meantime has none, which is no failure.
    GOFER_ON_FOREIGN_STACK bool read_registers() noexcept {
#if defined(__x86_64__)
        constexpr long kinds[] = {NT_PRSTATUS, 0x202}; // NT_X86_XSTATE
#else
        constexpr long kinds[] = {NT_PRSTATUS, NT_PRFPREG};
#endif
        for (const long kind : kinds) {
            iovec part{registers + size, room - size};
            if (const long error = raw_call(SYS_ptrace, PTRACE_GETREGSET, tid, kind, &part); error != 0)
                return error == -ESRCH;
            if (kind == NT_PRSTATUS) note_general_registers();
            size += part.iov_len;
            size = (size + 15) / 16 * 16;
        }
        return true;
    }

private:
    // In the order of the kernel's user_regs_struct. Its header has a struct `user`, which would stand in the way of the
    // program's own. Other processors than x86_64 do not tell here what was called.
    GOFER_ON_FOREIGN_STACK void note_general_registers() noexcept {
        const auto* words = reinterpret_cast<const std::uintptr_t*>(registers);
#if defined(__x86_64__)
        stack_pointer = words[19];                                            // rsp
        const auto number = static_cast<long>(words[15]);                     // orig_rax
        const auto operation = static_cast<long>(words[13]) & FUTEX_CMD_MASK; // rsi
        in_system_call = number >= 0;
        sleeps = number == SYS_futex && (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET);
#else
        stack_pointer = words[31];
#endif
    }
};

} // namespace gofer::inline v1::debug

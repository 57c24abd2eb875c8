// The programs as one, so that the library is compiled once for all of them. Usage: broken NAME
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stdexcept>

#include <gofer/gofer.hpp>

#define main deadlock_channel
#include "deadlock_channel.cpp"
#undef main
#define main deadlock_wait_group
#include "deadlock_wait_group.cpp"
#undef main
#define main deadlock_mutex_twice
#include "deadlock_mutex_twice.cpp"
#undef main
#define main deadlock_two_mutexes
#include "deadlock_two_mutexes.cpp"
#undef main
#define main deadlock_rw_mutex
#include "deadlock_rw_mutex.cpp"
#undef main
#define main deadlock_nil_channel
#include "deadlock_nil_channel.cpp"
#undef main
#define main deadlock_select
#include "deadlock_select.cpp"
#undef main
#define main leak_forgotten_receiver
#include "leak_forgotten_receiver.cpp"
#undef main
#define main leak_dropped_sender
#include "leak_dropped_sender.cpp"
#undef main
#define main overflow_recursion
#include "overflow_recursion.cpp"
#undef main
#define main overflow_array
#include "overflow_array.cpp"
#undef main
#define main uncaught_exception
#include "uncaught_exception.cpp"
#undef main
#define main unlock_of_unlocked
#include "unlock_of_unlocked.cpp"
#undef main

int main(int argc, char** argv) {
    const struct {
        const char* name;
        int (*run)();
    } programs[] = {
        {"deadlock_channel", deadlock_channel},
        {"deadlock_wait_group", deadlock_wait_group},
        {"deadlock_mutex_twice", deadlock_mutex_twice},
        {"deadlock_two_mutexes", deadlock_two_mutexes},
        {"deadlock_rw_mutex", deadlock_rw_mutex},
        {"deadlock_nil_channel", deadlock_nil_channel},
        {"deadlock_select", deadlock_select},
        {"leak_forgotten_receiver", leak_forgotten_receiver},
        {"leak_dropped_sender", leak_dropped_sender},
        {"overflow_recursion", overflow_recursion},
        {"overflow_array", overflow_array},
        {"uncaught_exception", uncaught_exception},
        {"unlock_of_unlocked", unlock_of_unlocked},
    };
    for (const auto& program : programs)
        if (argc == 2 && std::strcmp(argv[1], program.name) == 0) return program.run();
    std::fprintf(stderr, "usage: %s NAME\n", argv[0]);
    return 2;
}

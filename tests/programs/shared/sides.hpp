// What each of the two shared objects offers. Both are built from side.cpp, everything hidden but this.
#pragma once

#include <cstdint>
#include <gofer/gofer.hpp>

#define GOFER_SHARED_SIDE                                                                                              \
    struct [[gnu::visibility("default")]] Side {                                                                       \
        static const void* runtime();                                                                                  \
        static std::uint64_t id();                                                                                     \
        static void produce(const gofer::Channel<int>& c, int count);                                                  \
        static gofer::Future<long> sum(const gofer::Channel<int>& c);                                                  \
        static bool catches_closed(void (*sends)(const gofer::Channel<int>&), const gofer::Channel<int>& c);           \
        static void send_once(const gofer::Channel<int>& c);                                                           \
        static void lock_and_count(gofer::Mutex& m, long& counter);                                                    \
        static void collect_id(const gofer::Channel<std::uint64_t>& ids, const gofer::Channel<int>& gate);             \
        static void recurse();                                                                                         \
        static void fail();                                                                                            \
    }

namespace north {
GOFER_SHARED_SIDE;
}
namespace south {
GOFER_SHARED_SIDE;
}

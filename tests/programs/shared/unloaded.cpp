// Loads a plugin that uses the library, has it work, and unloads it, several times: its threads must not lose their code,
// and neither must the first that it starts when that begins after everybody else has ended.
// Arguments: the plugin.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <dlfcn.h>
#include <pthread.h>
#include <thread>

using namespace std::chrono_literals;

#if defined(STARTS_A_THREAD_LATE)
namespace {

std::atomic<int> threads_started{0};

struct Late {
    void* (*run)(void*);
    void* argument;
};

void* run_late(void* given) {
    const Late late = *static_cast<Late*>(given);
    delete static_cast<Late*>(given);
    std::this_thread::sleep_for(200ms);
    return late.run(late.argument);
}

} // namespace

/// In the place of the system's: the second thread, which is the first that the plugin starts, is late.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
    using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
    static const auto create = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
    if (threads_started.fetch_add(1) != 1) return create(thread, attributes, run, argument);
    return create(thread, attributes, run_late, new Late{run, argument});
}
#endif

namespace {

bool works_once(const char* path) {
    void* plugin = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!plugin) return std::fprintf(stderr, "%s\n", ::dlerror()), false;
    const auto work = reinterpret_cast<int (*)()>(::dlsym(plugin, "work"));
    int sum = 0;
    std::thread{[&] { sum = work(); }}.join();
    ::dlclose(plugin);
    std::this_thread::sleep_for(250ms); // the monitor looks every few milliseconds
    return sum == 6;
}

} // namespace

int main(int, char** argv) {
    for (int i = 0; i < 5; ++i)
        if (!works_once(argv[1])) return 1;
}

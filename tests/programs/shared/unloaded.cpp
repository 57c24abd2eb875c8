// Loads a plugin that uses the library, has it work, and unloads it, several times: its threads must not lose their code.
// Arguments: the plugin.
#include <chrono>
#include <cstdio>
#include <dlfcn.h>
#include <thread>

using namespace std::chrono_literals;

namespace {

bool works_once(const char* path) {
    void* plugin = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!plugin) return std::fprintf(stderr, "%s\n", ::dlerror()), false;
    const auto work = reinterpret_cast<int (*)()>(::dlsym(plugin, "work"));
    int sum = 0;
    std::thread{[&] { sum = work(); }}.join();
    ::dlclose(plugin);
    std::this_thread::sleep_for(50ms); // the monitor looks every few milliseconds
    return sum == 6;
}

} // namespace

int main(int, char** argv) {
    for (int i = 0; i < 5; ++i)
        if (!works_once(argv[1])) return 1;
}

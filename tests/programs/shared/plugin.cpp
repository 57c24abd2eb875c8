// A plugin that uses the library, for unloaded.cpp.
#include <gofer/gofer.hpp>

extern "C" [[gnu::visibility("default")]] int work() {
    return gofer::run([] {
        const gofer::Channel<int> c;
        gofer::go([c] {
            for (int i = 1; i <= 3; ++i) c.send(i);
            c.close();
        });
        int sum = 0;
        for (const int v : c) sum += v;
        return sum;
    });
}

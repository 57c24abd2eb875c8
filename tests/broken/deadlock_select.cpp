// Everyone waits for work or the end, and nobody gives either.
#include <gofer/gofer.hpp>

int main() {
    gofer::run([] {
        const gofer::Channel<int> work, results;
        const gofer::Channel<gofer::Unit> end;
        gofer::go({.name = "worker"}, [=] {
            gofer::select(gofer::recv(work, [&](std::optional<int> v) { results.send(*v); }), gofer::recv(end));
        });
        gofer::select(gofer::recv(results), gofer::recv(end));
    });
    return 0;
}

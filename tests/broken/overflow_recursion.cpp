// A recursion over a list that has become a ring.
#include <gofer/gofer.hpp>

namespace {

struct Node {
    const Node* next{nullptr};
};

[[gnu::noinline]] int length(const Node* list) {
    return list == nullptr ? 0 : length(list->next) + (list->next != list ? 1 : 2);
}

} // namespace

int main() {
    gofer::run({.workers = 1}, [] {
        Node last;
        const Node first{&last};
        last.next = &first;
        gofer::WaitGroup all;
        all.go({.name = "counter"}, [&first] { std::printf("%d\n", length(&first)); });
        all.wait();
    });
    return 0;
}

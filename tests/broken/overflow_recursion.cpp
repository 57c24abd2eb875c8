// A recursion over a list that has become a ring.
#include <gofer/gofer.hpp>

namespace {

struct Node {
    const Node* next{nullptr};
};

[[gnu::noinline]] int length(const Node* list, const volatile int* before) {
    const volatile int here = *before + 1; // the next call looks at it, so no compiler makes a loop of them
    return list == nullptr ? *before : length(list->next, &here);
}
} // namespace

int main() {
    gofer::run({.workers = 1}, [] {
        Node last;
        const Node first{&last};
        last.next = &first;
        gofer::WaitGroup all;
        all.go({.name = "counter"}, [&first, none = 0] { std::printf("%d\n", length(&first, &none)); });
        all.wait();
    });
    return 0;
}

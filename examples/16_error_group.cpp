// An error group: several downloads at once, at most two at a time. The first that fails stops the others, and wait
// gives back its error.
//
// In Go, with golang.org/x/sync/errgroup:
//     g, ctx := errgroup.WithContext(context.Background())
//     g.SetLimit(2)
//     for _, page := range pages {
//         g.Go(func() error { return fetch(ctx, page) })
//     }
//     if err := g.Wait(); err != nil { fmt.Println("failed:", err) }
#include <atomic>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

#include <gofer/gofer.hpp>

using namespace std::chrono_literals;

struct Page {
    const char* name;
    std::chrono::milliseconds delay;
    bool exists;
};

void fetch(const gofer::Context& ctx, const Page& page) {
    if (!gofer::sleep_for(ctx, page.delay)) ctx.check(); // stands for the network; throws when the group is cancelled
    if (!page.exists) throw std::runtime_error(std::string(page.name) + " does not exist");
}

void fetch_all(std::initializer_list<Page> pages) {
    gofer::ErrGroup group;
    group.set_limit(2);
    std::atomic<int> fetched{0};
    for (const Page& page : pages) {
        group.go([&fetched, page](const gofer::Context& ctx) {
            fetch(ctx, page);
            ++fetched;
        });
    }
    try {
        group.wait();
        std::printf("fetched %d pages\n", fetched.load());
    } catch (const std::exception& error) {
        std::printf("fetched %d pages, then: %s\n", fetched.load(), error.what());
    }
}

int main() {
    fetch_all({{"index", 1ms, true}, {"news", 2ms, true}, {"about", 1ms, true}});
    fetch_all({{"index", 0ms, true}, {"endless", 1h, true}, {"missing", 1ms, false}, {"never asked", 1h, true}});
}

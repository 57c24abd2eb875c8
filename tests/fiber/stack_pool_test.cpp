// Pools of stacks: the size one asks for, the hottest first, and none lost.
#include <set>
#include <thread>
#include <vector>

#include <gofer/task/goroutine.hpp>

#include "../support/catch.hpp"

using gofer::fiber::Fiber;
using gofer::task::StackPools;

namespace {

// Never freed: stacks are not given back to the system.
StackPools& fresh_pools() {
    static auto& kept = *new std::vector<StackPools*>; // so that a leak checker sees that they are owned
    return *kept.emplace_back(new StackPools);
}

std::size_t length(const Fiber* chain) {
    std::size_t n = 0;
    for (; chain; chain = chain->next) ++n;
    return n;
}

} // namespace

TEST_CASE("a stack has at least the size that was asked for, and less than twice of it") {
    StackPools& pools = fresh_pools();
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{16} << 10, (std::size_t{16} << 10) + 1,
                                    std::size_t{100} << 10, std::size_t{256} << 10, std::size_t{8} << 20}) {
        const std::size_t got = pools.usable(StackPools::class_of(bytes)) / gofer::base::stack_scale;
        CHECK(got >= bytes);
        CHECK((got < 2 * bytes || got == StackPools::smallest));
    }
}

TEST_CASE("the stack given back last is taken first") {
    StackPools& pools = fresh_pools();
    Fiber* one = pools.take(0, 1);
    Fiber* other = pools.take(0, 1);
    pools.give_back(one, one);
    pools.give_back(other, other);
    CHECK(pools.take(0, 1) == other);
    CHECK(pools.take(0, 1) == one);
}

TEST_CASE("stacks of different sizes do not mix") {
    StackPools& pools = fresh_pools();
    Fiber* small = pools.take(0, 1);
    pools.give_back(small, small);
    Fiber* large = pools.take(3, 1);
    CHECK(large != small);
    CHECK(static_cast<std::size_t>(large->top - large->bottom) == pools.usable(3));
    CHECK(pools.take(0, 1) == small);
}

TEST_CASE("several may be taken at once, as many as there are") {
    StackPools& pools = fresh_pools();
    std::vector<Fiber*> stacks;
    for (int i = 0; i < 10; ++i) stacks.push_back(pools.take(0, 1));
    for (Fiber* f : stacks) pools.give_back(f, f);
    CHECK(length(pools.take(0, 4)) == 4);
    CHECK(length(pools.take(0, 100)) == 6);
    CHECK(length(pools.take(0, 100)) == 1);
}

TEST_CASE("every stack there is can be visited, in use or not") {
    StackPools& pools = fresh_pools();
    std::set<const Fiber*> taken, seen;
    for (unsigned c = 0; c < 3; ++c)
        for (int i = 0; i < 5; ++i) taken.insert(pools.take(c, 1));
    Fiber* pooled = pools.take(1, 1);
    pools.give_back(pooled, pooled);
    taken.insert(pooled);
    pools.for_each([&seen](const gofer::task::Goroutine& g) { seen.insert(&g); });
    CHECK(seen == taken);
}

TEST_CASE("a stack is in one hand at a time, whatever the threads do") {
    StackPools& pools = fresh_pools();
    std::atomic<int> doubled{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 2000; ++i) {
                Fiber* f = pools.take(0, 1);
                doubled += f->running.exchange(true);
                f->running = false;
                pools.give_back(f, f);
            }
        });
    for (auto& thread : threads) thread.join();
    CHECK(doubled == 0);
    CHECK(pools.slab(0).size() <= 4);
}

// The memory of spawn records: handed out once at a time, used again at once, and it flows back between workers.
#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include <gofer/task/record_pool.hpp>

#include "../support/catch.hpp"

using gofer::task::give_record_back;
using gofer::task::record_class;
using gofer::task::RecordDepot;
using gofer::task::RecordPool;
using gofer::task::take_record;

namespace {

constexpr bool pooled = record_class(64, 8) == 0; // not in sanitizer builds

std::int64_t outside() {
    return RecordDepot::instance().in_use.load();
}

} // namespace

TEST_CASE("a record is large enough for what it is asked for") {
    for (const std::size_t size : {1U, 64U, 65U, 128U, 129U, 256U}) {
        if (!pooled) break;
        CHECK(gofer::task::record_size(record_class(size, 8)) >= size);
    }
    CHECK(record_class(257, 8) == gofer::task::unpooled);
    CHECK(record_class(64, 64) == gofer::task::unpooled);
}

TEST_CASE("records in use are different places") {
    RecordPool pool;
    std::vector<void*> records;
    for (int i = 0; i < 1000; ++i) records.push_back(take_record(&pool, 64, 8));
    CHECK(std::set<void*>(records.begin(), records.end()).size() == records.size());
    for (void* r : records) give_record_back(&pool, r, 64, 8);
    CHECK(pool.in_use() == 0);
}

TEST_CASE("the record given back last is taken first") {
    if (!pooled) return;
    RecordPool pool;
    void* one = take_record(&pool, 100, 8);
    void* other = take_record(&pool, 100, 8);
    give_record_back(&pool, one, 100, 8);
    give_record_back(&pool, other, 100, 8);
    CHECK(take_record(&pool, 100, 8) == other);
    CHECK(take_record(&pool, 100, 8) == one);
    give_record_back(&pool, one, 100, 8);
    give_record_back(&pool, other, 100, 8);
}

TEST_CASE("a record keeps the alignment it is asked for") {
    RecordPool pool;
    for (const std::size_t align : {8U, 16U, 64U, 256U}) {
        void* r = take_record(&pool, 300, align);
        CHECK(reinterpret_cast<std::uintptr_t>(r) % align == 0);
        give_record_back(&pool, r, 300, align);
    }
}

TEST_CASE("what one worker spawns and another runs is used again, and not allocated anew") {
    if (!pooled) return;
    std::set<void*> places;
    RecordPool spawner, runner;
    for (int round = 0; round < 100; ++round) {
        std::vector<void*> records;
        for (int i = 0; i < 200; ++i) records.push_back(take_record(&spawner, 64, 8));
        places.insert(records.begin(), records.end());
        for (void* r : records) give_record_back(&runner, r, 64, 8);
    }
    CHECK(places.size() < 1000);
    CHECK(spawner.in_use() + runner.in_use() == 0);
}

TEST_CASE("the count survives a worker whose records others still hold") {
    const std::int64_t before = outside();
    void* record = nullptr;
    {
        RecordPool pool;
        record = take_record(&pool, 64, 8);
    }
    CHECK(outside() == before + 1);
    give_record_back(nullptr, record, 64, 8);
    CHECK(outside() == before);
}

TEST_CASE("threads that are no workers take and give records") {
    const std::int64_t before = outside();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([] {
            for (int i = 0; i < 1000; ++i) {
                const std::size_t size = static_cast<std::size_t>(i % 300 + 1);
                give_record_back(nullptr, take_record(nullptr, size, 16), size, 16);
            }
        });
    for (auto& thread : threads) thread.join();
    CHECK(outside() == before);
}

TEST_CASE("what a thread that is no worker spawns and a worker runs is used again, and not allocated anew") {
    if (!pooled) return;
    const std::int64_t before = outside();
    std::set<void*> places;
    {
        RecordPool runner;
        for (int round = 0; round < 100; ++round) {
            std::vector<void*> records;
            for (int i = 0; i < 200; ++i) records.push_back(take_record(nullptr, 64, 8));
            CHECK(std::set<void*>(records.begin(), records.end()).size() == records.size());
            places.insert(records.begin(), records.end());
            for (void* r : records) give_record_back(&runner, r, 64, 8);
        }
    }
    CHECK(places.size() < 1000);
    CHECK(outside() == before);
}

// The table of a goroutine's own values: each is found by its key and no other, whatever came and went.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <gofer/task/locals.hpp>

#include "../support/catch.hpp"

using gofer::task::LocalKey;
using gofer::task::LocalKeys;
using gofer::task::Locals;
using gofer::task::LocalValue;

namespace {

using Log = std::vector<std::uint64_t>;

/// Notes in a log that it has ended.
struct Noted final : LocalValue {
    Noted(LocalKey k, Log& where) noexcept : LocalValue(k), log(&where) {}
    void end() noexcept override { log->push_back(key.bits); }
    Log* log;
};

void insert(Locals& locals, std::uint64_t bits, Log& log) {
    locals.insert(std::make_unique<Noted>(LocalKey{bits}, log));
}

constexpr std::uint64_t one_more = std::uint64_t{1} << 32;

} // namespace

TEST_CASE("a table that was never used finds nothing") {
    const Locals locals;
    CHECK(locals.find(LocalKey{one_more}) == nullptr);
    CHECK(locals.find(LocalKey{one_more | 77}) == nullptr);
}

TEST_CASE("values are found by their own key, also when their places collide") {
    Log log;
    Locals locals;
    for (const std::uint64_t n : {0u, 4u, 8u, 1u, 64u, 128u, 3u}) insert(locals, one_more | n, log);
    for (const std::uint64_t n : {0u, 4u, 8u, 1u, 64u, 128u, 3u}) {
        LocalValue* const found = locals.find(LocalKey{one_more | n});
        REQUIRE(found != nullptr);
        CHECK(found->key.bits == (one_more | n));
    }
    CHECK(locals.find(LocalKey{one_more | 2}) == nullptr);
    CHECK(locals.find(LocalKey{2 * one_more | 4}) == nullptr);
}

TEST_CASE("values end in the reverse order of their making") {
    Log log;
    Locals locals;
    for (const std::uint64_t n : {5u, 2u, 9u, 0u, 7u}) insert(locals, one_more | n, log);
    locals.clear();
    CHECK(log == Log{one_more | 7, one_more, one_more | 9, one_more | 2, one_more | 5});
    CHECK(locals.find(LocalKey{one_more | 9}) == nullptr);
}

TEST_CASE("a value whose number was given out anew makes way for the next one") {
    Log log;
    Locals locals;
    insert(locals, one_more | 3, log);
    insert(locals, 2 * one_more | 3, log);
    CHECK(log == Log{one_more | 3});
    CHECK(locals.find(LocalKey{one_more | 3}) == nullptr);
    CHECK(locals.find(LocalKey{2 * one_more | 3}) != nullptr);
}

TEST_CASE("whatever is put in and taken out, the rest stays where it can be found") {
    std::mt19937 random{7};
    for (int round = 0; round < 50; ++round) {
        Log ended;
        std::vector<std::uint64_t> present;
        Locals locals;
        for (int step = 0; step < 300; ++step) {
            const std::uint64_t key = one_more | random() % 97;
            const auto at = std::find(present.begin(), present.end(), key);
            if (at == present.end()) {
                insert(locals, key, ended);
                present.push_back(key);
            } else {
                locals.erase(LocalKey{key});
                present.erase(at);
            }
            for (std::uint64_t n = 0; n < 97; ++n) {
                const bool expected = std::find(present.begin(), present.end(), one_more | n) != present.end();
                if ((locals.find(LocalKey{one_more | n}) != nullptr) != expected) FAIL("lost or left behind");
            }
        }
        const std::size_t before = ended.size();
        locals.clear();
        std::reverse(present.begin(), present.end());
        CHECK(std::equal(present.begin(), present.end(), ended.begin() + static_cast<std::ptrdiff_t>(before),
                         ended.end()));
    }
}

TEST_CASE("keys are all different, and their numbers are used again") {
    LocalKeys& keys = LocalKeys::instance();
    const LocalKey a = keys.take();
    const LocalKey b = keys.take();
    CHECK(a.number() != b.number());
    keys.give_back(a);
    const LocalKey again = keys.take();
    CHECK(again.number() == a.number());
    CHECK(again != a);
    keys.give_back(again);
    keys.give_back(b);
}

// Values in contexts. Behaviour after Go's context tests.
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <gofer/gofer.hpp>

#include "../support/catch.hpp"
#include "../support/fixture.hpp"

using gofer::Context;
using gofer::with_cancel;
using gofer::with_value;

namespace {

const gofer::Key<std::string> user;
const gofer::Key<std::string> city;
const gofer::Key<int> depth;
const gofer::Key<std::unique_ptr<int>> owned;
const gofer::Key<fixture::Tracked> tracked;

} // namespace

TEST_CASE("a value is found where it was stored and below, not above") {
    fixture::at_each_worker_count([] {
        const Context root = Context::background();
        const Context named = with_value(root, user, "ann");
        auto [child, cancel] = with_cancel(named);
        VERIFY(root.value(user) == nullptr);
        VERIFY(*named.value(user) == "ann" && *child.value(user) == "ann");
    });
}

TEST_CASE("keys of one type are different keys") {
    fixture::at_each_worker_count([] {
        const Context ctx = with_value(with_value(Context::background(), user, "ann"), city, "ulm");
        VERIFY(*ctx.value(user) == "ann" && *ctx.value(city) == "ulm" && ctx.value(depth) == nullptr);
    });
}

TEST_CASE("the nearest value counts") {
    fixture::at_each_worker_count([] {
        const Context one = with_value(Context::background(), depth, 1);
        const Context two = with_value(one, depth, 2);
        VERIFY(*one.value(depth) == 1 && *two.value(depth) == 2);
    });
}

TEST_CASE("a value may be written in braces") {
    static const gofer::Key<std::pair<std::string, int>> pair;
    const Context ctx = with_value(Context::background(), pair, {"ann", 3});
    CHECK(ctx.value(pair)->second == 3);
}

TEST_CASE("a value may be one that only moves") {
    fixture::at_each_worker_count([] {
        const Context ctx = with_value(Context::background(), owned, std::make_unique<int>(7));
        STATIC_REQUIRE(std::is_same_v<decltype(ctx.value(owned)), const std::unique_ptr<int>*>);
        VERIFY(**ctx.value(owned) == 7);
    });
}

TEST_CASE("a context with a value ends with its parent, and so does what is made from it") {
    fixture::at_each_worker_count([] {
        auto [parent, cancel] = with_cancel(Context::background());
        const Context ctx = with_value(parent, depth, 1);
        auto [child, cancel_child] = with_cancel(ctx);
        VERIFY(ctx.done() == parent.done());
        cancel();
        VERIFY(ctx.cancelled() && child.cancelled());
    });
}

TEST_CASE("without_cancel keeps the values and nothing else") {
    fixture::at_each_worker_count([] {
        auto [parent, cancel] = with_cancel(with_value(Context::background(), depth, 1));
        const Context kept = gofer::without_cancel(parent);
        auto [below, cancel_below] = with_cancel(kept);
        cancel();
        VERIFY(!kept.cancelled() && !kept.err() && kept.cause() == nullptr && kept.done() == nullptr);
        VERIFY(*kept.value(depth) == 1);
        VERIFY(!below.cancelled() && *below.value(depth) == 1);
        cancel_below();
        VERIFY(below.cancelled() && !kept.cancelled());
    });
}

TEST_CASE("values live as long as a context that sees them, and no longer") {
    fixture::at_each_worker_count([] {
        const long before = fixture::Alive::count;
        {
            Context below;
            {
                const Context ctx = with_value(Context::background(), tracked, fixture::Tracked{3});
                below = with_value(ctx, depth, 1);
            }
            VERIFY(fixture::Alive::count == before + 1 && below.value(tracked)->value == 3);
        }
        VERIFY(fixture::Alive::count == before);
    });
}

TEST_CASE("a value whose constructor throws leaves nothing behind, and keeps nothing above alive") {
    struct Refuses {
        explicit Refuses(int) { throw 1; }
    };
    static const gofer::Key<Refuses> refused;
    static const gofer::Key<std::shared_ptr<int>> shared_above;
    fixture::at_each_worker_count([] {
        auto value = std::make_shared<int>(1);
        const std::weak_ptr<int> kept = value;
        {
            const Context above = gofer::with_value(Context::background(), shared_above, std::move(value));
            VERIFY(fixture::throws<int>([&] { static_cast<void>(gofer::with_value(above, refused, 7)); }));
            VERIFY(!kept.expired());
        }
        VERIFY(kept.expired());
    });
}

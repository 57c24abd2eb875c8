// The intrusive list of the wait lists.
#include <array>

#include <gofer/base/list.hpp>

#include "../support/catch.hpp"

namespace {

struct Node : gofer::base::ListHook<Node> {};
using List = gofer::base::List<Node>;

} // namespace

TEST_CASE("what is pushed at the back comes off the front in order") {
    std::array<Node, 3> nodes;
    List list;
    for (Node& n : nodes) list.push_back(n);
    for (Node& n : nodes) CHECK(list.pop_front() == &n);
    CHECK(list.empty());
    CHECK(list.pop_front() == nullptr);
}

TEST_CASE("what is pushed at the front comes off first") {
    Node first, second;
    List list;
    list.push_back(second);
    list.push_front(first);
    CHECK(list.pop_front() == &first);
    CHECK(list.pop_front() == &second);
}

TEST_CASE("removing leaves the others in order, wherever it happens") {
    for (std::size_t gone = 0; gone < 3; ++gone) {
        std::array<Node, 3> nodes;
        List list;
        for (Node& n : nodes) list.push_back(n);
        list.remove(nodes[gone]);
        for (std::size_t i = 0; i < 3; ++i)
            if (i != gone) CHECK(list.pop_front() == &nodes[i]);
        CHECK(list.empty());
    }
}

TEST_CASE("a node that somebody else took off is not removed again") {
    Node node, other;
    List list;
    list.push_back(node);
    list.push_back(other);
    CHECK(list.pop_front() == &node);
    CHECK_FALSE(list.remove_if_linked(node));
    CHECK(list.remove_if_linked(other));
    CHECK(list.empty());
}

TEST_CASE("a list that was emptied by removing can be filled again") {
    Node node;
    List list;
    for (int i = 0; i < 3; ++i) {
        list.push_back(node);
        CHECK(list.remove_if_linked(node));
        CHECK(list.empty());
    }
}

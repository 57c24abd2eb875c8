// Values that go down with a context: what belongs to a request and crosses interfaces, such as its id. Not for
// parameters.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <gofer/context/context.hpp>

namespace gofer::inline v1 {

/// What a value is stored under: `inline const gofer::Key<std::string> user;` Its address is its identity and its
/// type that of the value, so two libraries cannot meet under one name, and no cast is needed.
template <class T>
class Key {
public:
    using value_type = T;
    constexpr Key() noexcept {} // NOLINT: so that a const one needs no initializer
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
};

namespace context {

template <class T>
class ValueNode final : public Node {
public:
    template <class V>
    ValueNode(Node* above, const Key<T>& value_key, V&& v) try
        : Node(above, above ? above->scope : nullptr, &value_key), value(std::forward<V>(v)) {
    } catch (...) {
        release(above); // ~Node leaves that to release()
    }

    const T value;
};

/// The nearest node above, or `node` itself, that holds a value under `key`.
inline const Node* find(const Node* node, const void* key) noexcept {
    while (node && node->key != key) node = node->parent;
    return node;
}

} // namespace context

/// `parent` with a value; it ends with the parent. Does not block; throws what moving the value throws. Go's
/// context.WithValue.
template <class T, class V = T>
    requires std::is_constructible_v<T, V>
Context with_value(const Context& parent, const Key<T>& key, V&& value) {
    return Context(new context::ValueNode<T>(parent.node(), key, std::forward<V>(value)));
}
template <class T, class V = T>
Context with_value(const Context& parent, const Key<T>&& temporary, V&& value) = delete;

template <class T>
const T* Context::value(const Key<T>& key) const noexcept {
    const context::Node* found = context::find(node_, &key);
    return found ? std::addressof(static_cast<const context::ValueNode<T>*>(found)->value) : nullptr;
}

} // namespace gofer::inline v1

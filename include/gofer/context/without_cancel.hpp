// without_cancel: what has to be done even when the task it belongs to is over.
#pragma once

#include <gofer/context/context.hpp>

namespace gofer::inline v1 {
namespace context {

class Detached final : public Node {
public:
    explicit Detached(Node* above) noexcept : Node(above, nullptr) {}
};

} // namespace context

/// A context with the values of `parent` that never ends and has no deadline. Go's context.WithoutCancel.
inline Context without_cancel(const Context& parent) {
    return parent.node() ? Context(new context::Detached(parent.node())) : Context();
}

} // namespace gofer::inline v1

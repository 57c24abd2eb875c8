// with_stop_token: from the standard library's cancellation to ours. (The way back is Context::stop_token.)
#pragma once

#include <optional>
#include <stop_token>
#include <utility>

#include <gofer/context/cancel.hpp>

namespace gofer::inline v1 {
namespace context {

class StoppedScope final : public Scope {
public:
    explicit StoppedScope(Node* above) noexcept : Scope(above) {}

    /// Ends it at once when stop was requested already.
    void listen(std::stop_token token) { callback_.emplace(std::move(token), End{this}); }

private:
    ~StoppedScope() override = default; // waits for a callback that runs on another thread

    struct End {
        StoppedScope* scope;
        void operator()() const noexcept {
            if (!scope->try_retain()) return; // it is being destroyed, and waits for this call
            Wave::run(*scope, {});
            release(scope);
        }
    };

    std::optional<std::stop_callback<End>> callback_;
};

} // namespace context

/// A context that ends when stop is requested, on the thread that requests it, or when `parent` ends. The token is not asked
/// once the last handle is gone. Throws std::bad_alloc.
inline Context with_stop_token(const Context& parent, std::stop_token token) {
    if (!token.stop_possible()) return parent;
    auto* scope = new context::StoppedScope(parent.node());
    Context ctx(scope);
    context::Wave::join(*scope);
    scope->listen(std::move(token));
    return ctx;
}

} // namespace gofer::inline v1

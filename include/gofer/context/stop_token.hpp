// with_stop_token: from the standard library's cancellation to ours. (The way back is Context::stop_token.)
//
// A stop_callback knows by the thread whether it is destroyed from within its own call, or has to wait for that. So
// no call may park: ours does not, and what it calls in turn runs while the scope is kept.
#pragma once

#include <atomic>
#include <new>
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
    void listen(std::stop_token token) {
        alive().fetch_add(1, std::memory_order_relaxed);
        counted_ = true;
        callback_.emplace(std::move(token), End{this});
    }

    /// How many there are in the process.
    [[gnu::visibility("default")]] static std::atomic<unsigned>& alive() noexcept {
        static constinit std::atomic<unsigned> count{0};
        return count;
    }

    // Of two goroutines on one thread, one after the other, the library sees no more than the thread, and TSan no edge.
    static void operator delete(void* memory) noexcept {
        base::EngineRegion engine;
        ::operator delete(memory);
    }

private:
    ~StoppedScope() override {
        base::EngineRegion engine;
        callback_.reset(); // waits for a call that runs on another thread
        if (counted_) alive().fetch_sub(1, std::memory_order_relaxed);
    }

    struct End {
        StoppedScope* scope;
        void operator()() const noexcept {
            if (!scope->try_retain()) return; // it is being destroyed, and waits for this call
            Wave::run(*scope, {});
            release(scope);
        }
    };

    bool counted_ = false;
    std::optional<std::stop_callback<End>> callback_;
};

} // namespace context

/// A context that ends when stop is requested, on the thread that requests it, or when `parent` ends. The token is
/// not asked once the last handle is gone. Throws std::bad_alloc.
inline Context with_stop_token(const Context& parent, std::stop_token token) {
    if (!token.stop_possible()) return parent;
    auto* scope = new context::StoppedScope(parent.node());
    Context ctx(scope);
    context::Wave::join(*scope);
    scope->listen(std::move(token));
    return ctx;
}

} // namespace gofer::inline v1

// with_stop_token: from the standard library's cancellation to ours. (The way back is Context::stop_token.)
//
// A stop_callback knows by the thread whether it is destroyed from within its own call, or has to wait for that. So
// no call may park: ours does not, and what it calls in turn runs while the scope is kept.
//
// The tokens that are listened to stand in one list of the process, for the detector of deadlocks: a context hopes for as
// long as a std::stop_source is left that could still be asked. Lock: of that list; no other is taken under it.
#pragma once

#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <utility>

#include <gofer/context/cancel.hpp>

namespace gofer::inline v1 {
namespace context {

class StopTokens {
public:
    struct Listened : base::ListHook<Listened> {
        std::stop_token token;
    };

    [[gnu::visibility("default")]] static StopTokens& instance() noexcept {
        static StopTokens& tokens = *new StopTokens; // never destroyed: contexts may be
        return tokens;
    }
    void add(Listened& listened) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        list_.push_back(listened);
    }
    void remove(Listened& listened) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        list_.remove_if_linked(listened);
    }
    /// Somebody could still request a stop that ends a context.
    bool stop_may_come() noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        for (const Listened* l = list_.front(); l; l = l->next)
            if (l->token.stop_possible() && !l->token.stop_requested()) return true;
        return false;
    }

private:
    base::SpinLock lock_;
    base::List<Listened> list_;
};

class StoppedScope final : public Scope {
public:
    explicit StoppedScope(Node* above) noexcept : Scope(above) {}

    /// Ends it at once when stop was requested already.
    void listen(std::stop_token token) {
        {
            base::EngineRegion engine;
            listened_.token = token;
            StopTokens::instance().add(listened_);
            if (fired()) disarm(); // by its parent, before it was in the list
        }
        callback_.emplace(std::move(token), End{this});
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
        StopTokens::instance().remove(listened_);
    }
    /// It has ended: nobody hopes for its token any more.
    void disarm() noexcept override { StopTokens::instance().remove(listened_); }

    struct End {
        StoppedScope* scope;
        void operator()() const noexcept {
            if (!scope->try_retain()) return; // it is being destroyed, and waits for this call
            Wave::run(*scope, {});
            release(scope);
        }
    };

    StopTokens::Listened listened_;
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

// What can end: the node behind with_cancel, with_timeout and the background of a runtime. It holds what its end
// concerns: blocked calls (it is their wait::Interrupt), scopes below it, functions of after_func, the done
// channel, a stop_source.
//
// It ends once, by a wave (wave.hpp) that takes all of this out of it under its lock and deals with it without.
// Nothing is added afterwards, so it refers to no one then, and nobody above refers to it.
// Lock: the lists, the channel, the source, and the change of fired_. A blocked call attaches with the lock of its
// channel or mutex held, so under this lock no other is taken, but that of a done channel nobody has seen yet.
// Order: the store to fired_ (release, under the lock) pairs with fired() (acquire): code and cause do not change
// afterwards.
#pragma once

#include <exception>
#include <mutex>
#include <stop_token>
#include <system_error>

#include <gofer/chan/channel.hpp>
#include <gofer/context/node.hpp>
#include <gofer/wait/waiter.hpp>

namespace gofer::inline v1::context {

/// Why a scope ended: operation_canceled or timed_out, and the cause that was given, if any.
struct Reason {
    std::errc code = std::errc::operation_canceled;
    std::exception_ptr cause{};
};

/// What is called when a scope ends. Owned by whoever made it; `fire` is called once, without a lock, after it was
/// taken off the list, and must not block.
struct Follower : base::ListHook<Follower> {
    void (*fire)(Follower&) noexcept = nullptr;
};

class Scope : public Node, public wait::Interrupt, public base::ListHook<Scope> {
public:
    /// `deadline`: its own; what counts is the earlier of that and its parent's. Attach it before anyone sees it.
    explicit Scope(Node* above, std::int64_t deadline = base::never) noexcept
        : Node(above, this), deadline_ns(earlier(above, deadline)) {}

    const std::int64_t deadline_ns;

    /// True: the deadline is its own, not one of a scope above.
    static bool is_first(Node* above, std::int64_t deadline) noexcept {
        return !above || !above->scope || deadline < above->scope->deadline_ns;
    }

    Scope* above() const noexcept { return parent ? parent->scope : nullptr; }
    /// After the end only.
    const Reason& reason() const noexcept { return reason_; }

    bool attach(wait::InterruptNode& node) noexcept override {
        lock_.lock();
        const bool lives = !fired_.load(std::memory_order_relaxed);
        if (lives) {
            waits_.push_back(node);
            retain();
        }
        lock_.unlock();
        if (!lives) base::engine_acquire(&fired_);
        return lives;
    }
    void detach(wait::InterruptNode& node) noexcept override {
        lock_.lock();
        waits_.remove_if_linked(node);
        lock_.unlock();
        release(this);
    }

    /// False: it has ended, and will not call.
    bool follow(Follower& follower) noexcept {
        base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (fired_.load(std::memory_order_relaxed)) return false;
        followers_.push_back(follower);
        return true;
    }
    /// True: it was still there, and will not be called.
    bool unfollow(Follower& follower) noexcept {
        base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        return followers_.remove_if_linked(follower);
    }

    /// Made when first asked for, and closed from the start when it has ended by then.
    Receiver<Unit> done() {
        if (Channel<Unit> made = existing(done_); made != nullptr) return made;
        const Channel<Unit> made; // no allocation under the lock
        base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (done_ == nullptr) {
            if (fired_.load(std::memory_order_relaxed)) made.core()->close();
            done_ = made;
            base::engine_release(&done_);
        }
        base::engine_acquire(&done_);
        return done_;
    }

    std::stop_token stop_token() {
        std::stop_source source = existing(source_);
        if (!source.stop_possible()) source = install(std::stop_source());
        if (fired()) source.request_stop();
        return source.get_token();
    }

    /// Whether its end would wake a wait, or run code of the user. For the detector of deadlocks; a hint while goroutines
    /// run. Where the tree is deeper than most are, it says yes.
    bool reaches_anyone(unsigned depth = 64) noexcept {
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (!waits_.empty() || !followers_.empty() || source_.stop_possible()) return true;
        if (done_ != nullptr && done_.core()->awaited()) return true;
        for (Scope* child = children_.front(); child; child = child->next)
            if (depth == 0 || child->reaches_anyone(depth - 1)) return true;
        return false;
    }

protected:
    ~Scope() override {
        if (Scope* up = above(); up && !fired_.load(std::memory_order_relaxed)) up->forget(*this);
    }

    /// It has ended, and does not wait for what would end it any more: a deadline, a stop_token.
    virtual void disarm() noexcept {}

private:
    friend class Wave;

    static std::int64_t earlier(const Node* above, std::int64_t deadline) noexcept;

    /// Joins the list of those that end with this one. False: this one has ended.
    bool adopt(Scope& child) noexcept {
        base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (fired_.load(std::memory_order_relaxed)) return false;
        children_.push_back(child);
        return true;
    }
    void forget(Scope& child) noexcept {
        base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        children_.remove_if_linked(child);
    }

    template <class T>
    T existing(const T& member) noexcept {
        base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        base::engine_acquire(&member); // partner: the release of whoever made what is in it
        return member;
    }
    std::stop_source install(std::stop_source source) noexcept {
        base::EngineRegion engine;
        const std::lock_guard<base::SpinLock> guard(lock_);
        if (!source_.stop_possible()) {
            source_ = std::move(source);
            base::engine_release(&source_);
        }
        base::engine_acquire(&source_);
        return source_;
    }

    base::SpinLock lock_;
    base::List<wait::InterruptNode> waits_;
    base::List<Scope> children_;
    base::List<Follower> followers_;
    Channel<Unit> done_{nullptr};
    std::stop_source source_{std::nostopstate};
    Scope* next_to_tell_ = nullptr; // in the wave that ended it
    Reason reason_;
};

inline std::int64_t Scope::earlier(const Node* above, std::int64_t deadline) noexcept {
    return above && above->scope && above->scope->deadline_ns < deadline ? above->scope->deadline_ns : deadline;
}

} // namespace gofer::inline v1::context

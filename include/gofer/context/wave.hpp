// The end of a scope and of all below it: a wave that runs down the tree without recursion, linear in the number of
// scopes, newest first, since those are in the cache. Go's cancelCtx.cancel recurses with the locks of all above held;
// here each scope is emptied under its own lock alone, and what it held is dealt with after that: waits are woken, the
// done channel is closed, functions of after_func are started. Stop callbacks are the user's code and come last, when
// the whole tree has ended.
//
// A scope may be reached by two waves at once, its own and its parent's: whichever empties it does the rest. A wave
// links the scopes it has taken off a list by their own hooks, and keeps each until it is through with it.
#pragma once

#include <exception>
#include <mutex>
#include <utility>

#include <gofer/context/scope.hpp>
#include <gofer/wait/spawn.hpp>

namespace gofer::inline v1::context {

class Wave {
public:
    /// Ends `scope` and all below it, unless it has ended. The caller has a reference, which may go as soon as somebody
    /// is woken: an owner that waited for the end leaves. Runs stop callbacks.
    static void run(Scope& scope, const Reason& reason) noexcept {
        Wave wave(reason, false);
        {
            base::EngineRegion engine;
            scope.retain();
            wave.flood(scope);
        }
        Node::release(&scope);
        tell(wave.to_tell_);
    }

    /// The same on the loop of a worker, where no code of the user may run: stop callbacks get a goroutine of their
    /// own, and so does what ends with the last reference. Takes over one.
    static void run_on_loop(Scope& scope, const Reason& reason) noexcept {
        Wave wave(reason, true);
        wave.flood(scope);
        wave.let_go(scope);
        if (!wave.to_tell_) return;
        sched::Worker* w = sched::this_worker();
        tell_in_goroutine(w->scheduler, w, wave.to_tell_);
    }

    /// For a scope that nobody has seen yet: it ends with those above it from now on, or at once.
    static void join(Scope& scope) noexcept {
        base::tsan_release(&scope.fired_); // partner: reach()
        Scope* up = scope.above();
        if (!up) return;
        if (!up->adopt(scope)) return run(scope, up->reason_);
        if (scope.fired()) up->forget(scope); // its deadline was faster
    }

private:
    /// What a goroutine tells. If its runtime ends before it runs, one of the default runtime does; where that gets no
    /// thread, what it keeps is given back at least.
    class Telling {
    public:
        explicit Telling(Scope* first) noexcept : first_(first) {}
        Telling(Telling&& other) noexcept : first_(std::exchange(other.first_, nullptr)) {}
        ~Telling() {
            while (first_) Node::release(std::exchange(first_, first_->next_to_tell_));
        }
        void operator()() { tell(std::exchange(first_, nullptr)); }
        void abandon() noexcept {
            if (!first_) return;
            try {
                sched::Scheduler* other = sched::default_scheduler();
                const base::EngineRegion engine;
                tell_in_goroutine(other, sched::this_worker(), std::exchange(first_, nullptr));
            } catch (const std::exception&) {
                return;
            }
        }
        void drop() noexcept { abandon(); }

    private:
        Scope* first_;
    };

    /// In an EngineRegion, and in one only.
    static void tell_in_goroutine(sched::Scheduler* home, sched::Worker* w, Scope* first) {
        task::Task* task = task::make_task<Telling>(nullptr, Place::here(), Telling{first});
        base::engine_release(task); // partner: run_task
        sched::start(home, w, task);
    }

    Wave(const Reason& reason, bool on_loop) noexcept : reason_(reason), on_loop_(on_loop) {}

    void flood(Scope& scope) noexcept {
        scope.retain();
        reach(scope);
        if (Scope* up = scope.above()) up->forget(scope); // when it has ended, or join() would not see that it must
        while (Scope* next = first_) {
            first_ = next->next;
            reach(*next);
        }
    }

    // Takes over one reference.
    void reach(Scope& scope) noexcept {
        base::engine_acquire(&scope.fired_);
        base::engine_release(&scope.fired_); // partner: Interrupt::fired()
        Follower* followers = nullptr;
        wait::WakeList woken;
        Channel<Unit> done(nullptr);
        bool tells = false;
        if (!empty(scope, followers, woken, done, tells)) return let_go(scope);
        scope.disarm();
        woken.wake_all();
        if (auto* core = done.core()) {
            base::UserCode user; // a region of its own; what TSan sees there must not be lost, `done` it must not see
            core->close();
        }
        while (Follower* follower = followers) {
            followers = follower->next; // before the call: it may be gone afterwards
            follower->fire(*follower);
        }
        if (!tells) return let_go(scope);
        base::engine_acquire(&scope.source_);
        keep_to_tell(scope);
    }

    // Gives a reference back. Values above are the user's, and may go with the last one: not on a loop.
    void let_go(Scope& scope) noexcept {
        if (!on_loop_ || !scope.holds_values) return Node::release(&scope);
        if (!scope.release_unless_last()) keep_to_tell(scope);
    }
    void keep_to_tell(Scope& scope) noexcept {
        scope.next_to_tell_ = nullptr;
        (last_to_tell_ ? last_to_tell_->next_to_tell_ : to_tell_) = &scope;
        last_to_tell_ = &scope;
    }

    // False: another wave was first. What is taken off a list is linked by `next` alone, and is not `linked` any more: who
    // wants to take it off meanwhile learns that it is late, and whoever fires it gives back what the list kept.
    bool empty(Scope& scope, Follower*& followers, wait::WakeList& woken, Channel<Unit>& done, bool& tells) noexcept {
        const std::lock_guard<base::SpinLock> guard(scope.lock_);
        if (scope.fired_.load(std::memory_order_relaxed)) return false;
        scope.reason_ = reason_;
        scope.fired_.store(true, std::memory_order_release);
        while (wait::InterruptNode* node = scope.waits_.pop_front()) woken.add(wait::end_early(*node));
        followers = scope.followers_.take_all();
        while (Scope* child = scope.children_.pop_front())
            if (child->try_retain()) push(*child);
        done = scope.done_;
        tells = scope.source_.stop_possible();
        return true;
    }

    void push(Scope& scope) noexcept {
        scope.next = first_;
        first_ = &scope;
    }

    static void tell(Scope* first) noexcept {
        while (Scope* scope = first) {
            first = scope->next_to_tell_;
            std::stop_source(scope->source_).request_stop();
            Node::release(scope);
        }
    }

    const Reason reason_;
    const bool on_loop_;
    Scope* first_ = nullptr;
    Scope* to_tell_ = nullptr;
    Scope* last_to_tell_ = nullptr;
};

} // namespace gofer::inline v1::context

// Recall: waits that rely on a goroutine of another runtime, and are told to look again when a runtime ends with
// goroutines left. One that was woken to pass something on may be among those, and will not run any more.
//
// Called by a primitive for the length of a park, under its own lock and only where waiters of several runtimes meet,
// so the one list of the process is not in the way of anybody else; and by the end of a runtime, when its threads
// have ended. A recalled wait has ended by_recall.
//
// Who goes by whether others are abandoned looks once more after it is listed: a runtime that has ended by then is seen
// to have stopped, and one that ends later recalls.
#pragma once

#include <gofer/wait/waiter.hpp>

namespace gofer::inline v1::wait {

class Recall {
public:
    [[gnu::visibility("default")]] static Recall& instance() noexcept {
        static Recall& recall = *new Recall;
        return recall;
    }

    /// The goroutines of a runtime that has stopped run no more.
    void look_again() noexcept {
        base::EngineRegion engine;
        WakeList woken;
        lock_.lock();
        while (InterruptNode* node = nodes_.pop_front()) woken.add(node->episode->claim(Ended::by_recall));
        lock_.unlock();
        woken.wake_all();
    }

    /// Makes a wait one of those that are recalled, until the end of the scope. The episode must be contested.
    class Listed {
    public:
        Listed(Episode& episode, bool wanted) noexcept : wanted_(wanted) {
            if (!wanted_) return;
            node_.episode = &episode;
            Recall& recall = instance();
            recall.lock_.lock();
            recall.nodes_.push_back(node_);
            recall.lock_.unlock();
        }
        ~Listed() {
            if (!wanted_) return;
            Recall& recall = instance();
            recall.lock_.lock();
            recall.nodes_.remove_if_linked(node_);
            recall.lock_.unlock();
        }
        Listed(const Listed&) = delete;
        Listed& operator=(const Listed&) = delete;

    private:
        InterruptNode node_;
        const bool wanted_;
    };

private:
    base::SpinLock lock_;
    base::List<InterruptNode> nodes_;
};

} // namespace gofer::inline v1::wait
